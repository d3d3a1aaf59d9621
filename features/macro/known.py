"""A series as the rules read it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import date

OLDEST_DAILY, OLDEST_MONTHLY = 14, 80  # days; an older newest value says nothing of today


@dataclass(frozen=True)
class Known:
    """A series with its name and source: days ascending, and their values."""

    series: str
    source: str
    days: list[date]
    values: list[float]

    def until(self, last: date) -> Known:
        """The values up to a day, which may be none."""
        count = bisect_right(self.days, last)
        return replace(self, days=self.days[:count], values=self.values[:count])

    def months(self) -> dict[int, float]:
        """The values by month, counted from the year 0."""
        return {day.year * 12 + day.month - 1: value for day, value in zip(self.days, self.values, strict=True)}


def first_day(month: int) -> date:
    """The first day of a month that is counted so."""
    return date(month // 12, month % 12 + 1, 1)


def named(month: int) -> str:
    """The month as 2026-11."""
    return f"{first_day(month):%Y-%m}"
