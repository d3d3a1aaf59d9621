"""Rows as CSV: what a spreadsheet would run, split or misread is written so that it does not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from utils.csv_text import csv_lines


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("AAPL", "AAPL"),
        (-0.5, "-0.5"),
        (None, ""),
        (True, "true"),
        ([1.5, 2.0], "1.5 2.0"),
        (datetime(2026, 11, 29, 17, 0, tzinfo=UTC), "2026-11-29T17:00:00.000000Z"),
        ("=1+1", "'=1+1"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("a,b", '"a,b"'),
        ("a\rb", '"a\rb"'),
    ],
)
def test_a_cell(cell: object, written: str) -> None:
    assert csv_lines([["first", cell]]) == f"first,{written}\r\n".encode()
