"""The column of dates. How they are written is decided for the whole file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from features.prices.files.numbers import LONGEST_CELL
from models.price_errors import AmbiguousDates

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
NO_DAY = np.iinfo(np.int64).min  # where a cell is no date
GOES_ON_DAYS = 10  # after the end of the stored series, within which a file that extends it begins


class DateOrder(StrEnum):
    """How the dates of a file are written."""

    YMD = "ymd"
    DMY = "dmy"
    MDY = "mdy"
    EPOCH_SECONDS = "epoch_seconds"
    EPOCH_MILLISECONDS = "epoch_milliseconds"


@dataclass(frozen=True)
class Days:
    """The days since 1970-01-01 of each cell, NO_DAY where it is no date, and how they are written."""

    numbers: NDArray[np.int64]
    order: DateOrder


_TIME = r"(?:[T ,]+\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s*[AaPp]\.?[Mm]\.?)?(?:\s*(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?)?"
_MONTHS = {
    name: str(number) for number, name in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)
}
_WEEKDAY = r"(?:[A-Za-z]{3,9},?\s+)?"


@dataclass(frozen=True)
class _Kind:
    """A kind of date: its pattern, with the parts y, m and d."""

    pattern: re.Pattern[str]
    order: DateOrder


def _kind(pattern: str, order: DateOrder) -> _Kind:
    return _Kind(re.compile(pattern, re.ASCII), order)


_COMPACT = _kind(r"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)", DateOrder.YMD)
_YEAR_FIRST = _kind(rf"(?P<y>\d{{4}})(?P<sign>[-/.])(?P<m>\d{{1,2}})(?P=sign)(?P<d>\d{{1,2}}){_TIME}", DateOrder.YMD)
# Two numbers whose order is to be found out: the first is called the month here.
_YEAR_LAST = _kind(rf"(?P<m>\d{{1,2}})(?P<sign>[-/.])(?P<d>\d{{1,2}})(?P=sign)(?P<y>\d{{4}}|\d\d){_TIME}", DateOrder.MDY)
_NAMED_DAY_FIRST = _kind(rf"{_WEEKDAY}(?P<d>\d{{1,2}})[-/ .]+(?P<m>[A-Za-z]{{3,9}})\.?[-/ ,]+(?P<y>\d{{4}}|\d\d){_TIME}", DateOrder.DMY)
_NAMED_MONTH_FIRST = _kind(rf"{_WEEKDAY}(?P<m>[A-Za-z]{{3,9}})\.?[-/ ]+(?P<d>\d{{1,2}})[-/ ,]+(?P<y>\d{{4}}|\d\d){_TIME}", DateOrder.MDY)
_EPOCH = _kind(r"-?\d{1,13}(?:\.0*)?", DateOrder.EPOCH_SECONDS)
_KINDS = (_COMPACT, _YEAR_FIRST, _YEAR_LAST, _NAMED_DAY_FIRST, _NAMED_MONTH_FIRST, _EPOCH)
_NO_PARTS = ("0", "0", "0")
_SAMPLE = 2_000  # cells that tell which kind of date a column has
_SECONDS_A_DAY, _LARGEST_SECONDS = 86_400, 10**11
_PIVOT = 70  # years of two digits from here on are of the last century


def read_days(cells: Sequence[str], asked: DateOrder | None = None, stored_until: date | None = None) -> Days:
    """The days of a column. `asked` is the order that the sender names; `stored_until` the end of the series that the file extends.

    Raises AmbiguousDates where days and months cannot be told apart.
    """
    plain = _iso_days(cells)
    if plain is not None:
        return Days(plain, DateOrder.YMD)
    trimmed = [cell.strip()[:LONGEST_CELL] for cell in cells]
    kinds = Counter(map(_kind_of, trimmed[:_SAMPLE]))
    kind = max(_KINDS, key=lambda kind: kinds[kind])  # the one that most cells have
    if kind is _EPOCH:
        return _read_epoch(trimmed)
    parts = [match.group("y", "m", "d") if (match := kind.pattern.fullmatch(cell)) else _NO_PARTS for cell in trimmed]
    years, months, days = zip(*parts, strict=True)
    order = kind.order
    if kind is _YEAR_LAST:
        readable = [(int(a), int(b), _year(y)) for y, a, b in parts if int(y) and int(a) and int(b)]
        has_dots = all(match["sign"] == "." for cell in trimmed if (match := kind.pattern.fullmatch(cell)))
        order = asked if asked in (DateOrder.DMY, DateOrder.MDY) else _order_of(readable, stored_until, has_dots=has_dots)
        if order is DateOrder.DMY:
            months, days = days, months
    elif kind in (_NAMED_DAY_FIRST, _NAMED_MONTH_FIRST):
        months = tuple(_MONTHS.get(month[:3].lower(), "0") for month in months)
    return Days(_day_numbers(list(map(_year, years)), list(map(int, months)), list(map(int, days))), order)


def _iso_days(cells: Sequence[str]) -> NDArray[np.int64] | None:
    """The days of a column of which every cell is YYYY-MM-DD; otherwise None."""
    if not all(len(cell) == 10 and cell[4] == cell[7] == "-" for cell in cells):
        return None
    try:
        return np.array([date.fromisoformat(cell).toordinal() for cell in cells], dtype=np.int64) - _EPOCH_ORDINAL
    except ValueError:
        return None


def _kind_of(cell: str) -> _Kind | None:
    return next((kind for kind in _KINDS if kind.pattern.fullmatch(cell)), None)


def _day_numbers(years: list[int], months: list[int], days: list[int]) -> NDArray[np.int64]:
    """The days since 1970-01-01; NO_DAY where the calendar has no such day."""
    year, month, day = (np.array(values, dtype=np.int64) for values in (years, months, days))
    first = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    begin, end = (moment.astype("datetime64[D]").astype(np.int64) for moment in (first, first + 1))
    exists = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (begin + day <= end)
    return np.where(exists, begin + day - 1, NO_DAY)


def _read_epoch(cells: Sequence[str]) -> Days:
    counts = [int(cell.split(".")[0]) if _EPOCH.pattern.fullmatch(cell) else None for cell in cells]
    is_seconds = max(abs(count) for count in counts if count is not None) < _LARGEST_SECONDS
    unit = _SECONDS_A_DAY if is_seconds else _SECONDS_A_DAY * 1_000
    numbers = np.array([NO_DAY if count is None else count // unit for count in counts], dtype=np.int64)
    return Days(numbers, DateOrder.EPOCH_SECONDS if is_seconds else DateOrder.EPOCH_MILLISECONDS)


@lru_cache(maxsize=512)
def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (1900 if year >= _PIVOT else 2000)


def _order_of(parts: list[tuple[int, int, int]], stored_until: date | None, *, has_dots: bool) -> DateOrder:
    """The order of day and month: by a number above 12; with dots the day is first; else by which reading makes sense.

    Raises AmbiguousDates.
    """
    beyond_first, beyond_second = sum(a > 12 for a, _, _ in parts), sum(b > 12 for _, b, _ in parts)
    if beyond_first or beyond_second:
        return DateOrder.DMY if beyond_first >= beyond_second else DateOrder.MDY
    if has_dots:
        return DateOrder.DMY
    readings = {
        DateOrder.DMY: [date(year, b, a) for a, b, year in parts],
        DateOrder.MDY: [date(year, a, b) for a, b, year in parts],
    }
    if readings[DateOrder.DMY] == readings[DateOrder.MDY]:
        return DateOrder.DMY
    for makes_sense in (_has_no_weekend, _is_ordered, lambda days: _goes_on(days, stored_until)):
        left = [order for order in readings if makes_sense(readings[order])]
        if len(left) == 1:
            return left[0]
    first = readings[DateOrder.DMY][0], readings[DateOrder.MDY][0]
    raise AmbiguousDates(*first)


def _has_no_weekend(days: list[date]) -> bool:
    return all(day.weekday() < 5 for day in days)


def _is_ordered(days: list[date]) -> bool:
    return days == sorted(days) or days == sorted(days, reverse=True)


def _goes_on(days: list[date], stored_until: date | None) -> bool:
    """Whether the days overlap the stored series' end, or begin soon after it, and go beyond it."""
    if stored_until is None:
        return True
    return min(days) <= stored_until + timedelta(days=GOES_ON_DAYS) and max(days) > stored_until
