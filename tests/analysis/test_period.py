"""Periods: the day whose value each starts from."""

from __future__ import annotations

from datetime import date

import pytest

from models.period import WORDS, read_period

THURSDAY = date(2024, 2, 29)
YEARS_BEFORE = {"1y": date(2023, 2, 28), "3y": date(2021, 2, 28), "5y": date(2019, 2, 28), "10y": date(2014, 2, 28)}
STARTS = {
    "1d": date(2024, 2, 28),
    "wtd": date(2024, 2, 25),
    "mtd": date(2024, 1, 31),
    "ytd": date(2023, 12, 31),
    "1m": date(2024, 1, 29),
    "3m": date(2023, 11, 29),
    "6m": date(2023, 8, 29),
    **YEARS_BEFORE,
    "max": None,
}


@pytest.mark.parametrize("word", WORDS)
def test_a_period_starts_from_the_value_before_its_first_day(word: str) -> None:
    assert read_period(word).until(THURSDAY) == (STARTS[word], THURSDAY)


@pytest.mark.parametrize(
    ("word", "newest", "start"),
    [
        ("1m", date(2024, 3, 31), date(2024, 2, 29)),
        ("6m", date(2024, 5, 31), date(2023, 11, 30)),
        ("1m", date(2024, 1, 15), date(2023, 12, 15)),
        ("wtd", date(2024, 2, 26), date(2024, 2, 25)),  # on a Monday
        ("ytd", date(2024, 1, 1), date(2023, 12, 31)),
    ],
)
def test_the_ends_of_months_weeks_and_years(word: str, newest: date, start: date) -> None:
    assert read_period(word).until(newest) == (start, newest)


def test_a_named_period_ends_with_the_newest_value_at_the_latest() -> None:
    period = read_period("2023-06-30..2024-12-31")
    assert period.until(THURSDAY) == (date(2023, 6, 30), THURSDAY)
    assert period.until(date(2025, 2, 1)) == (date(2023, 6, 30), date(2024, 12, 31))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2y", "a period is one of"),
        ("MAX", "a period is one of"),
        ("2024-01-31..", "a period is one of"),
        ("2024-02-30..2024-12-31", "there is no such day"),
        ("2024-12-31..2024-01-31", "lies before its last one"),
        ("2024-12-31..2024-12-31", "lies before its last one"),
    ],
)
def test_what_is_no_period_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_period(text)
