"""Paths in the repository."""

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
HIDDEN = str(ROOT / "tests" / "kit" / "hidden")  # the PYTHONPATH of servers: it hides packages that only the tests need
WITH_KIT = os.pathsep.join((HIDDEN, str(ROOT / "tests")))  # the same for processes that load parts of the kit
ENVIRONMENTS = {".venv", ".venv-yahoo", ".venv-bench", ".venv-tools"}


def code(*more: str) -> Iterator[Path]:
    """The Python files of the product, and those of the folders `more` (`tests`, `benchmarks`)."""
    left_out = ENVIRONMENTS | {"tests", "benchmarks", "node_modules"} - set(more)
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name not in left_out]
    return iter(sorted([*ROOT.glob("*.py"), *(path for folder in folders for path in folder.rglob("*.py"))]))
