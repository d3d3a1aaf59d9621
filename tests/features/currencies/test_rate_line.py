"""Rates between two currencies: triangle, inverse, carrying for a week and no longer, and minor units."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from features.currencies.rate_line import Leg, RateLine, crossed
from models.fx import FxSeries
from models.observations import Observations
from utils.clock import now

FIRST = date(2024, 1, 1)
NAMES = ("USD", "GBP", "JPY")
ALL = np.arange(np.datetime64(FIRST), np.datetime64(FIRST) + 60)
Rates = Mapping[int, float]  # by the number of the day
rates = st.dictionaries(st.integers(0, 40), st.floats(1e-3, 1e3), min_size=1, max_size=8)


def leg(name: str, by_day: Rates) -> Leg:
    days = [FIRST + timedelta(days=number) for number in sorted(by_day)]
    packed = Observations.pack(days, [by_day[number] for number in sorted(by_day)])
    series = FxSeries(name, f"source of {name}", False, len(days), days[0], days[-1], 1.0, now(), None)
    return Leg.of(series, packed)


def line(base: str, quote: str, by_currency: Mapping[str, Rates]) -> RateLine:
    return crossed(base, quote, {name: leg(name, by_day) for name, by_day in by_currency.items()})


def carried(by_day: Rates, day: int) -> float:
    """The definition, for one day: the newest rate of the last week."""
    return next((by_day[each] for each in range(day, day - 8, -1) if each in by_day), float("nan"))


@settings(derandomize=True, max_examples=150)
@given(st.tuples(rates, rates, rates))
def test_the_triangle_and_the_inverse(three: tuple[Rates, Rates, Rates]) -> None:
    known = dict(zip(NAMES, three, strict=True))
    one, two, direct = (line(*pair, known).on(ALL) for pair in (("USD", "GBP"), ("GBP", "JPY"), ("USD", "JPY")))
    both = ~np.isnan(one) & ~np.isnan(two)
    assert np.allclose((one * two)[both], direct[both], rtol=1e-12, atol=0)
    back = line("GBP", "USD", known).on(ALL)
    assert (np.isnan(back) == np.isnan(one)).all()
    assert np.allclose((one * back)[~np.isnan(one)], 1, rtol=1e-12, atol=0)


@settings(derandomize=True, max_examples=150)
@given(rates, rates)
def test_any_day_against_the_definition(dollars: Rates, pounds: Rates) -> None:
    found = line("USD", "GBP", {"USD": dollars, "GBP": pounds})
    expected = [carried(pounds, day) / carried(dollars, day) for day in range(len(ALL))]
    assert np.allclose(found.on(ALL), expected, rtol=1e-12, atol=0, equal_nan=True)
    for day, rate in zip(ALL.tolist(), found.on(ALL).tolist(), strict=True):
        told = found.at(day)
        assert (told.value is None) == np.isnan(rate)
        assert (told.reason is None) == (told.value is not None)
        assert told.value is None or (told.value == rate and told.quoted is not None and 0 <= (day - told.quoted).days <= 7)


@settings(derandomize=True, max_examples=100)
@given(rates, st.sampled_from(["USD", "EUR"]))
def test_a_line_against_the_euro_is_what_is_stored(dollars: Rates, base: str) -> None:
    found = line(base, "EUR" if base == "USD" else "USD", {"USD": dollars})
    assume(len(dollars) > 1)
    expected = [dollars[day] if base == "EUR" else 1 / dollars[day] for day in sorted(dollars)]
    assert found.values.tolist() == expected
    assert (found.days == found.quoted).all()


def test_a_rate_is_carried_for_a_week() -> None:
    found = line("EUR", "USD", {"USD": {10: 1.25}})
    assert np.flatnonzero(~np.isnan(found.on(ALL))).tolist() == list(range(10, 18))
    assert "the first one is of 2024-01-11" in (found.at(FIRST).reason or "")
    assert found.at(FIRST + timedelta(days=17)).quoted == date(2024, 1, 11)
    late = found.at(FIRST + timedelta(days=18))
    assert (late.value, late.quoted) == (None, date(2024, 1, 11))
    assert (
        late.reason
        == "There is no rate of EUR in USD on 2024-01-19: the last one is of 2024-01-11, and rates are carried for 7 days at most."
    )
    assert [(gap.first.day, gap.last.day) for gap in found.gaps(FIRST, date(2024, 1, 31))] == [(1, 10), (19, 31)]
    assert list(found.gaps(date(2024, 1, 11), date(2024, 1, 18))) == []
    assert list(found.gaps(date(2024, 2, 1), date(2024, 1, 31))) == []


def test_the_older_rate_of_two_decides() -> None:
    """A rate of the pound is not carried anew because the dollar has another one."""
    found = line("USD", "GBP", {"USD": {0: 1.0, 7: 2.0, 8: 4.0}, "GBP": {0: 8.0}})
    assert (found.values.tolist(), [day.day for day in found.quoted.tolist()]) == ([8.0, 4.0], [1, 1])
    assert np.flatnonzero(~np.isnan(found.on(ALL))).tolist() == list(range(8))


def test_currencies_that_have_no_day_in_common() -> None:
    found = line("USD", "GBP", {"USD": {0: 1.0}, "GBP": {30: 1.0}})
    assert np.isnan(found.on(ALL)).all()
    assert "no day in common" in (found.at(FIRST).reason or "")


@pytest.mark.parametrize(("unit", "major"), [("GBp", "GBP"), ("GBX", "GBP"), ("ZAc", "ZAR"), ("ILA", "ILS")])
def test_minor_units_count_once(unit: str, major: str) -> None:
    known = {major: {0: 0.8}, "USD": {0: 1.6}}

    def rate(base: str, quote: str) -> float | None:
        return line(base, quote, known).at(FIRST).value

    assert rate(unit, "USD") == pytest.approx(0.02, rel=1e-15)
    assert rate(major, "USD") == pytest.approx(2.0, rel=1e-15)
    assert rate("USD", unit) == pytest.approx(50.0, rel=1e-15)
    assert rate("EUR", unit) == pytest.approx(80.0, rel=1e-15)
    assert rate(unit, "EUR") == pytest.approx(0.0125, rel=1e-15)
    assert (rate(unit, major), rate(major, unit), rate(unit, unit)) == (0.01, 100.0, 1.0)


def test_the_same_currency_is_one_on_all_days() -> None:
    for name in ("EUR", "USD"):
        found = line(name, name, {})
        assert (found.fixed, found.on(ALL).tolist()) == (1.0, [1.0] * len(ALL))
        assert list(found.gaps(FIRST, FIRST)) == []


def test_days_in_any_shape() -> None:
    found = line("EUR", "USD", {"USD": {10: 1.25}})
    assert found.on(ALL.reshape(6, 10)).shape == (6, 10)
    assert found.on(ALL[:0]).tolist() == []


def test_the_digest_is_that_of_the_rates() -> None:
    one = line("USD", "GBP", {"USD": {0: 1.0}, "GBP": {0: 8.0}})
    assert one.digest == line("USD", "GBP", {"USD": {0: 1.0}, "GBP": {0: 8.0}}).digest
    others = [
        line("GBP", "USD", {"USD": {0: 1.0}, "GBP": {0: 8.0}}),
        line("USD", "GBP", {"USD": {0: 1.5}, "GBP": {0: 8.0}}),
        line("USD", "GBp", {"USD": {0: 1.0}, "GBP": {0: 8.0}}),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 4
    assert one.sources == ("source of USD", "source of GBP")
