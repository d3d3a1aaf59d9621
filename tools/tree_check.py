"""What joined changes can leave behind: marks of a conflict, and two migrations with one number. `make check-style` runs it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
MARK = re.compile(rb"^(?:<{7}|>{7}|\|{7}) \S", re.MULTILINE)  # not "=======", which underlines a heading
MIGRATION = re.compile(r"(\d+)_\w+")


def main() -> int:
    """Print what is wrong; the exit code is 1 if anything is."""
    found = [*marked(ROOT, tracked(ROOT)), *numbered_twice(path.name for path in (ROOT / "migrations").glob("*.sql"))]
    print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


def tracked(root: Path) -> list[str]:
    """The files that git knows; none in a tree without git, where nothing is joined."""
    if not (root / ".git").exists():
        return []
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout  # noqa: S607  # nosec B607  # the developer's own git
    return [name for name in listed.split("\0") if name]


def marked(root: Path, names: Iterable[str]) -> list[str]:
    """A sentence for each file that has the marks of a conflict."""
    paths = ((name, root / name) for name in names)
    return [f"{name} has the marks of a conflict." for name, path in paths if path.is_file() and MARK.search(path.read_bytes())]


def numbered_twice(names: Iterable[str]) -> list[str]:
    """A sentence for each number that several migrations have; one migration may have a file for each engine."""
    by_number: dict[str, set[str]] = defaultdict(set)
    for name in names:
        if parsed := MIGRATION.match(name):
            by_number[parsed[1]].add(parsed[0])
    return [
        f"Two migrations have the number {number}: {', '.join(sorted(each))}."
        for number, each in sorted(by_number.items())
        if len(each) > 1
    ]


if __name__ == "__main__":
    sys.exit(main())
