"""docs/security.md names only tests that exist."""

from __future__ import annotations

import re

from kit.paths import ROOT

NAMED = re.compile(r"\| (tests/[\w/]+\.py)::(\w+) \|")


def test_every_row_names_a_test_that_is_there() -> None:
    rows = [line for line in (ROOT / "docs/security.md").read_text().splitlines() if line.startswith("|") and "tests/" in line]
    assert len(rows) > 30
    for row in rows:
        named = NAMED.search(row)
        assert named, row
        assert f"def {named[2]}(" in (ROOT / named[1]).read_text(), row
