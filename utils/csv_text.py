"""Rows as CSV that spreadsheets read and do not run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from utils.clock import iso

# Spreadsheets run a cell that begins with one of these as a formula, some also after a tab or line end.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_lines(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows as CSV: moments in ISO 8601, lists by their words, and a quote in front of text that a spreadsheet would run as a formula."""
    text = io.StringIO()
    # The line end of RFC 4180. With "\n" the writer would not quote a cell with a "\r", and readers would end the line there.
    csv.writer(text, lineterminator="\r\n").writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    # An exact number is no text that could be a formula, and has no exponent.
    return format(value, "f") if isinstance(value, Decimal) else _guarded(_written(value))


def _written(value: object) -> object:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _guarded(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
