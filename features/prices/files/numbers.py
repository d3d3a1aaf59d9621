"""The columns of numbers. The decimal sign is decided for the whole file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.bars import BoolArray, FloatArray

POINT, COMMA = ".", ","
LONGEST_CELL = 64  # characters; longer cells are no numbers
_MISSING = frozenset({"", "null", "nan", "none", "na", "n/a", "#n/a", "nil", "-", "--", "–", "—", "."})
_PLAIN_TEXT = frozenset("0123456789.-+eE\n")
_WITHOUT_DECORATION = str.maketrans("", "", "$€£¥₹ \u00a0\u202f'’")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED_ONLY = re.compile(r"[+-]?\d{1,3}(,\d{3})+", re.ASCII)
_SUFFIXES = {"k": 1e3, "m": 1e6, "mio": 1e6, "mn": 1e6, "b": 1e9, "bn": 1e9, "mrd": 1e9, "t": 1e12}
_SUFFIX = re.compile(r"(?<=[\d.,])(k|m|mio|mn|b|bn|mrd|t)\.?\Z", re.IGNORECASE | re.ASCII)
_CURRENCY = re.compile(r"(?:[$€£¥₹₩₽₺₪₫฿₴₦₱]|[A-Z]{2,3}\$|Rs\.?|(?<![A-Za-z])[A-Z]{3}(?![A-Za-z]))")
_SPACES = re.compile(r"[\s'’]")


@dataclass(frozen=True)
class _Convention:
    """A decimal sign, and the sign between thousands that goes with it."""

    decimal: str
    grouping: str
    grouped: re.Pattern[str]  # a number with signs between thousands
    no_group: re.Pattern[str]  # what shows, anywhere in a text of numbers, that such a sign stands elsewhere


_CONVENTIONS = {
    POINT: _Convention(
        POINT,
        COMMA,
        re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d\d)*,\d{3})(?:\.\d*)?", re.ASCII),  # 1,234,567.8, and 12,34,567 in India
        re.compile(r"(?<!\d),|,(?!\d{3}(?!\d))|\.\d*,", re.ASCII),
    ),
    COMMA: _Convention(
        COMMA,
        POINT,
        re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?", re.ASCII),
        re.compile(r"(?<!\d)\.|\.(?!\d{3}(?!\d))|,\d*\.", re.ASCII),
    ),
}


class Numbers(NamedTuple):
    """The numbers of a column: NaN where a cell is empty or no number, and where it is no number."""

    values: FloatArray
    is_wrong: BoolArray


def decimal_sign(columns: Sequence[Sequence[str]], delimiter: str) -> str:
    """The decimal sign of a file, from its columns of prices."""
    signed = [cell for cells in columns for cell in cells if COMMA in cell]
    if not signed:
        return POINT
    for cell in signed:
        if POINT in cell:
            return COMMA if cell.rindex(COMMA) > cell.rindex(POINT) else POINT
        if not _GROUPED_ONLY.fullmatch(_bare(cell)):
            return COMMA
    # Each comma stands before three digits: 1,003 is a thousand and three, or one and three thousandths. Prices move little in a day.
    spreads = {sign: max(map(_spread, (read_numbers(cells, sign).values for cells in columns))) for sign in (POINT, COMMA)}
    if spreads[POINT] != spreads[COMMA]:
        return min(spreads, key=lambda sign: spreads[sign])
    return POINT if delimiter == COMMA else COMMA


def _spread(values: FloatArray) -> float:
    """The largest value in terms of the smallest, rounded: a factor of all values leaves it as it is."""
    positive = values[values > 0]
    return round(float(positive.max() / positive.min()), 6) if positive.size else 1.0


def read_numbers(cells: Sequence[str], decimal: str) -> Numbers:
    """The numbers of a column."""
    values = _all_at_once(cells, decimal)
    if values is not None:
        return Numbers(values, np.zeros(len(values), dtype=np.bool_))
    numbers = [_number(cell, decimal) for cell in cells]
    wrong = [number is None and cell.strip().lower() not in _MISSING for number, cell in zip(numbers, cells, strict=True)]
    return Numbers(np.array([np.nan if number is None else number for number in numbers]), np.array(wrong, dtype=np.bool_))


def _all_at_once(cells: Sequence[str], decimal: str) -> FloatArray | None:
    """The numbers of a column in which every cell is one; otherwise None."""
    text = "\n".join(cells)
    if decimal == COMMA or not _PLAIN_TEXT.issuperset(text):
        text = text.translate(_WITHOUT_DECORATION)
        convention = _CONVENTIONS[decimal]
        if convention.grouping in text:
            if convention.no_group.search(text):
                return None
            text = text.replace(convention.grouping, "")
        text = text.replace(COMMA, POINT)
        if not _PLAIN_TEXT.issuperset(text):
            return None
    try:
        return np.array(list(map(float, text.split("\n"))), dtype=np.float64)
    except ValueError:
        return None


def _bare(cell: str) -> str:
    """A cell without spaces, apostrophes between thousands, and currency."""
    return _SPACES.sub("", _CURRENCY.sub("", cell))


def _number(cell: str, decimal: str) -> float | None:
    text = cell.strip()
    if text.lower() in _MISSING or len(text) > LONGEST_CELL:
        return None
    text, factor, convention = _bare(text), 1.0, _CONVENTIONS[decimal]
    suffix = _SUFFIX.search(text)
    if suffix is not None:
        text, factor = text[: suffix.start()], _SUFFIXES[suffix[1].lower()]
    if convention.grouped.fullmatch(text):
        text = text.replace(convention.grouping, "")
    if decimal == COMMA:
        if POINT in text:
            return None
        text = text.replace(COMMA, POINT)
    return float(text) * factor if _NUMBER.fullmatch(text) else None
