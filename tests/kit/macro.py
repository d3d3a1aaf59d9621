"""Macroeconomic series for tests, as FRED gives them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

# The unemployment rate (U3) as it was published for May 2023 to July 2024, the month in which the rule was met.
U3_2024 = (3.7, 3.6, 3.5, 3.8, 3.8, 3.8, 3.7, 3.7, 3.7, 3.9, 3.8, 3.9, 4.0, 4.1, 4.3)


def months_to(last: date, count: int) -> list[date]:
    """The first days of months up to the one of a day."""
    numbers = range(last.year * 12 + last.month - count, last.year * 12 + last.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def days_to(last: date, count: int) -> list[date]:
    """Days up to a day."""
    return [last - timedelta(days=back) for back in range(count - 1, -1, -1)]


def series_file(days: Sequence[date], values: Iterable[float | None], name: str = "VALUE") -> str:
    """A file with a dot for each day without a value."""
    rows = (f"{day},{'.' if value is None else value}" for day, value in zip(days, values, strict=True))
    return "\n".join([f"observation_date,{name}", *rows]) + "\n"
