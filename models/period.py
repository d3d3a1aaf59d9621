"""Periods of days that end with the newest value, by a word, or that are named by their first and last day."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

WORDS = ("1d", "wtd", "mtd", "ytd", "1m", "3m", "6m", "1y", "3y", "5y", "10y", "max")
PERIOD_PATTERN = rf"^({'|'.join(WORDS)}|\d{{4}}-\d{{2}}-\d{{2}}\.\.\d{{4}}-\d{{2}}-\d{{2}})$"
_MONTHS = {"1m": 1, "3m": 3, "6m": 6, "1y": 12, "3y": 36, "5y": 60, "10y": 120}
_REFUSAL = f"a period is one of {', '.join(WORDS)}, or two days as in 2024-01-31..2024-12-31"


@dataclass(frozen=True)
class Period:
    """A period by its text: one of WORDS, or FROM..TO with both days in `named`."""

    text: str
    named: tuple[date, date] | None = None

    def until(self, newest: date) -> tuple[date | None, date]:
        """The day whose value the period starts from, None for the very first one, and its last day.

        Where there is no value on the first of them, the period starts from the last one before it.
        """
        if self.named is not None:
            return self.named[0], min(self.named[1], newest)
        if self.text == "max":
            return None, newest
        if self.text in _MONTHS:
            return _months_before(newest, _MONTHS[self.text]), newest
        day_in_period = {"1d": newest, "wtd": newest - timedelta(days=newest.weekday()), "mtd": newest.replace(day=1)}
        first = day_in_period.get(self.text, newest.replace(month=1, day=1))
        return first - timedelta(days=1), newest


def read_period(text: str) -> Period:
    """A period from its text. Raises ValueError."""
    if text in WORDS:
        return Period(text)
    if re.fullmatch(PERIOD_PATTERN, text, re.ASCII) is None:
        raise ValueError(_REFUSAL)
    try:
        first, last = (date.fromisoformat(day) for day in text.split(".."))
    except ValueError as error:
        raise ValueError(f"there is no such day: {error}") from error
    if first >= last:
        raise ValueError("the first day of a period lies before its last one")
    return Period(text, (first, last))


def _months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or the last one that this month has."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
