"""Topping up a series day by day gives what fetching its whole history gives, whatever the company did and however a provider restates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.companies import BARS, Company, Source, arrays, companies, day_of_bar

from features.prices.top_up import OVERLAP, Stored, TopUp, top_up, why_whole
from models.corporate_action import ActionKind, CorporateAction
from models.price_series import Bar, PackedBars
from models.provider import Fetched

TIINGO = Source("as_traded", "as_traded", adjusted=True)
YAHOO = Source("split_adjusted", "split_adjusted", adjusted=True)
ROUNDED = Source("as_traded", "as_traded", adjusted=True, decimals=5)
SPLITS_ALONE = Source("split_adjusted", "split_adjusted", adjusted=False)


def answer(company: Company, source: Source, since: date | None, evening: int) -> Fetched:
    """What a provider answers on the evening of a bar. It reports no action: the bars have to tell."""
    return Fetched(company.export(0, evening + 1, source).between(since), source.adjusted)


def refreshed(stored: Stored, company: Company, source: Source, evening: int) -> tuple[TopUp, bool]:
    """The outcome of a refresh, and whether it took the whole history."""
    newer = answer(company, source, stored.since, evening)
    if why_whole(stored, newer) is None:
        return top_up(stored, newer), False
    whole = answer(company, source, None, evening).packed
    return TopUp(whole, 0, 0), True


@pytest.mark.parametrize("source", [TIINGO, YAHOO, ROUNDED], ids=["as traded", "restated for splits", "rounded"])
@given(company=companies, pauses=st.lists(st.integers(1, 9), min_size=1, max_size=8))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_refreshing_again_and_again_equals_fetching_once(source: Source, company: Company, pauses: list[int]) -> None:
    evening = BARS - 1 - sum(pauses)
    packed = answer(company, source, None, evening).packed
    for pause in pauses:
        evening += pause
        packed = refreshed(Stored(packed), company, source, evening)[0].packed
    once = arrays(company.export(0, evening + 1, source), source.adjusted)
    for name, values in arrays(packed, source.adjusted).items():
        assert values == pytest.approx(once[name], rel=2e-4 if source is ROUNDED else 1e-9), name


def test_a_quiet_week_is_appended_and_nothing_is_fetched_twice() -> None:
    company = Company(1)
    stored = Stored(answer(company, TIINGO, None, 200).packed)
    done, whole = refreshed(stored, company, TIINGO, 205)
    assert (done.added, done.replaced, whole) == (5, 0, False)
    assert done.packed == company.export(0, 206, TIINGO)


def test_nothing_newer_changes_nothing() -> None:
    stored = Stored(answer(Company(1), TIINGO, None, 200).packed)
    for newer in (Fetched(PackedBars(b""), adjusted=True), answer(Company(1), TIINGO, stored.since, 200)):
        assert why_whole(stored, newer) is None
        assert top_up(stored, newer) == TopUp(stored.packed, 0, 0)


@pytest.mark.parametrize("source", [TIINGO, YAHOO], ids=["as traded", "restated for splits"])
@pytest.mark.parametrize(
    "company",
    [
        pytest.param(Company(2, splits=((203, 2.0),)), id="a split"),
        pytest.param(Company(2, splits=((203, 0.1),)), id="a consolidation"),
        pytest.param(Company(2, dividends=((203, 0.001),)), id="a small dividend"),
    ],
)
def test_an_action_between_two_fetches_takes_the_whole_history(company: Company, source: Source) -> None:
    assert refreshed(Stored(answer(company, source, None, 200).packed), company, source, 205)[1]


def test_a_split_that_is_restated_days_later_is_seen_then() -> None:
    """The provider goes on as traded for two days, and restates on the third."""
    company = Company(3, splits=((203, 2.0),))
    before = company.export(0, 203, YAHOO)
    late = [replace(bar, adj_close=bar.close) for bar in company.export(0, 205, TIINGO) if bar.day >= day_of_bar(203)]
    stored = Stored(before)
    newer = PackedBars.pack([*before.between(stored.since).bars(), *late])
    assert why_whole(stored, Fetched(newer, adjusted=True)) is None
    unrestated = Stored(top_up(stored, Fetched(newer, adjusted=True)).packed)
    done, whole = refreshed(unrestated, company, YAHOO, 206)
    assert whole
    assert done.packed == company.export(0, 207, YAHOO)


def test_an_action_that_is_reported_takes_the_whole_history_even_if_no_price_has_moved() -> None:
    stored = Stored(answer(Company(1), TIINGO, None, 200).packed)
    newer = answer(Company(1), TIINGO, stored.since, 205)
    split = CorporateAction(day_of_bar(203), ActionKind.SPLIT, 2, 1)
    assert why_whole(stored, replace(newer, actions=(split,))) == f"a split of {day_of_bar(203)} is reported"
    assert why_whole(stored, replace(newer, actions=(replace(split, effective_day=day_of_bar(150)),))) is None


def test_a_provisional_bar_is_replaced_and_is_no_disagreement() -> None:
    company = Company(1)
    final = company.export(0, 206, TIINGO)
    *earlier, newest = company.export(0, 201, TIINGO).bars()
    unfinished = Bar(newest.day, newest.open, newest.open, newest.open, newest.open, newest.open, 10.0)
    packed = PackedBars.pack([*earlier, unfinished])
    newer = answer(company, TIINGO, Stored(packed).since, 205)
    assert why_whole(Stored(packed), newer) is not None
    stored = Stored(packed, provisional=newest.day)
    assert why_whole(stored, newer) is None
    done = top_up(stored, newer)
    assert (done.packed, done.added, done.replaced) == (final, 5, 1)


def test_a_provisional_bar_hides_no_split() -> None:
    company = Company(2, splits=((200, 2.0),))  # on the day of the provisional bar
    stored = Stored(answer(company, TIINGO, None, 200).packed, provisional=day_of_bar(200))
    split = CorporateAction(day_of_bar(200), ActionKind.SPLIT, 2, 1)
    assert why_whole(stored, replace(answer(company, TIINGO, stored.since, 205), actions=(split,))) is not None


def test_a_gap_takes_the_whole_history() -> None:
    stored = Stored(answer(Company(1), TIINGO, None, 100).packed)
    late = Fetched(company_days(Company(1), 150, 200), adjusted=True)
    assert why_whole(stored, late) == "too few days are in both"


def company_days(company: Company, begin: int, end: int) -> PackedBars:
    return company.export(0, end, TIINGO).between(day_of_bar(begin))


def test_a_young_company_needs_no_five_days() -> None:
    stored = Stored(answer(Company(1), TIINGO, None, 1).packed)
    newer = answer(Company(1), TIINGO, stored.since, 3)
    assert (why_whole(stored, newer), top_up(stored, newer).added) == (None, 2)


def test_the_overlap_is_ten_trading_days() -> None:
    packed = answer(Company(1), TIINGO, None, 200).packed
    assert len(packed.between(Stored(packed).since)) in (10, 11)
    assert timedelta(days=14) == OVERLAP


def test_prices_without_adjusted_closes_show_a_split_that_is_restated() -> None:
    company = Company(2, splits=((203, 3.0),))
    done, whole = refreshed(Stored(answer(company, SPLITS_ALONE, None, 200).packed), company, SPLITS_ALONE, 205)
    assert (whole, done.packed) == (True, company.export(0, 206, SPLITS_ALONE))
