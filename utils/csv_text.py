"""Rows as CSV that spreadsheets read and do not run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from datetime import datetime

from utils.clock import iso

# Spreadsheets run a cell that begins with one of these as a formula, some also after a tab or line end.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")  # a decimal that is told as text, which is no formula


def csv_lines(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows as CSV: moments in ISO 8601, lists by their words, and a quote in front of text that a spreadsheet would run as a formula."""
    text = io.StringIO()
    # The line end of RFC 4180. With "\n" the writer would not quote a cell with a "\r", and readers would end the line there.
    csv.writer(text, lineterminator="\r\n").writerows([_guarded(_written(cell)) for cell in row] for row in rows)
    return text.getvalue().encode()


def _written(value: object) -> object:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _guarded(value: object) -> object:
    is_formula = isinstance(value, str) and value.startswith(FORMULA_STARTS) and not NUMBER.fullmatch(value)
    return f"'{value}" if is_formula else value
