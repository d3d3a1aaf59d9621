"""What joined changes leave behind is found."""

from __future__ import annotations

from pathlib import Path

from tools.tree_check import ROOT, marked, numbered_twice, tracked


def test_marks_of_a_conflict_are_found(tmp_path: Path) -> None:
    both = "<" * 7 + " HEAD\nours\n" + "=" * 7 + "\ntheirs\n" + ">" * 7 + " branch\n"
    for name, content in {"both.md": both, "heading.md": "Heading\n=======\n", "picture.png": "\x00<<<<<"}.items():
        (tmp_path / name).write_text(content)
    assert marked(tmp_path, ["both.md", "heading.md", "picture.png", "deleted.md"]) == ["both.md has the marks of a conflict."]
    assert tracked(tmp_path) == []


def test_migrations_with_one_number_are_found() -> None:
    names = ["0001_a.sql", "0002_b.postgres.sql", "0002_b.sqlite.sql", "0003_c.sql", "0003_d_breaking.sql"]
    assert numbered_twice(names) == ["Two migrations have the number 0003: 0003_c, 0003_d_breaking."]


def test_this_tree_is_whole() -> None:
    assert marked(ROOT, tracked(ROOT)) == []
    assert numbered_twice(path.name for path in (ROOT / "migrations").glob("*.sql")) == []
