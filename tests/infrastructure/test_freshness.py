"""Freshness: what is fresh, late and stale, counted in the trading days of the exchange."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infrastructure.exchanges import Expectations, exchange_for, exchanges
from models.exchange import WEEKDAYS, Exchange
from models.freshness import STALE_AFTER, Expectation, Freshness, StaleBy


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def freshness(ticker: str, newest: str, now: str, mic: str | None = None) -> Freshness:
    return Expectations(moment(now)).of(ticker, mic).freshness_of(date.fromisoformat(newest))


@pytest.mark.parametrize(
    ("ticker", "newest", "now", "state", "behind"),
    [
        # Without an exchange, weekdays: a week is not stale, and a bar is expected when its day has ended in UTC.
        pytest.param("AAPL", "2026-11-20", "2026-11-20 23:59", "fresh", 0, id="the day itself"),
        pytest.param("AAPL", "2026-11-20", "2026-11-23 23:59", "fresh", 0, id="a Monday that has not ended"),
        pytest.param("AAPL", "2026-11-20", "2026-11-24 00:00", "late", 1, id="Monday is over"),
        pytest.param("AAPL", "2026-11-20", "2026-11-30 23:59", "late", 5, id="a week and a weekend"),
        pytest.param("AAPL", "2026-11-20", "2026-12-01 00:00", "stale", 6, id="a Monday more"),
        pytest.param("BTC-USD", "2026-11-22", "2026-11-23 12:00", "fresh", 0, id="a bar of a Sunday"),
        pytest.param("AAPL", "2026-11-25", "2026-11-20 12:00", "fresh", 0, id="a bar of a day to come"),
        # London, where Christmas Day, Boxing Day's substitute and New Year's Day fall on weekdays.
        pytest.param("RR.L", "2026-12-23", "2026-12-29 08:00", "late", 1, id="Christmas: only the half day is missing"),
        pytest.param("RR.L", "2026-12-24", "2026-12-29 08:00", "fresh", 0, id="Christmas: nothing is missing after five days"),
        pytest.param("RR.L", "2026-12-24", "2027-01-05 19:29", "late", 4, id="the new year"),
        pytest.param("RR.L", "2026-12-23", "2027-01-05 19:30", "stale", 6, id="from before Christmas"),
        pytest.param("RR.L", "2026-12-23", "2026-12-24 15:29", "fresh", 0, id="an early close, not yet settled"),
        pytest.param("RR.L", "2026-12-23", "2026-12-24 15:30", "late", 1, id="an early close, settled"),
        # Tokyo, nine hours ahead of UTC: Golden Week closes it from 4 to 6 May.
        pytest.param("7203.T", "2026-05-01", "2026-05-07 09:29", "fresh", 0, id="Golden Week"),
        pytest.param("7203.T", "2026-05-01", "2026-05-07 09:30", "late", 1, id="the day after Golden Week"),
        pytest.param("7203.T", "2026-04-28", "2026-05-07 09:29", "late", 2, id="from before Golden Week"),
        pytest.param("7203.T", "2025-12-30", "2026-01-05 00:00", "fresh", 0, id="New Year in Tokyo"),
        # Sydney: Monday's bar is final while it is still Monday morning in UTC.
        pytest.param("BHP.AX", "2026-11-20", "2026-11-23 07:59", "fresh", 0, id="Sydney has just closed"),
        pytest.param("BHP.AX", "2026-11-20", "2026-11-23 08:00", "late", 1, id="three hours after Sydney's close"),
        # Toronto: Tuesday's bar is final when UTC has Wednesday.
        pytest.param("RY.TO", "2026-11-23", "2026-11-24 23:59", "fresh", 0, id="a minute before midnight UTC"),
        pytest.param("RY.TO", "2026-11-23", "2026-11-25 00:00", "late", 1, id="three hours after Toronto's close"),
        # A calendar known to the end of 2026: after it, weekdays.
        pytest.param("INFY.NS", "2026-12-31", "2027-01-01 23:00", "late", 1, id="the day after the end of the calendar"),
        pytest.param("INFY.NS", "2026-12-31", "2027-01-10 12:00", "stale", 6, id="beyond the end of the calendar"),
    ],
)
def test_freshness_follows_the_days_of_the_exchange(ticker: str, newest: str, now: str, state: str, behind: int) -> None:
    found = freshness(ticker, newest, now)
    assert (found.state, found.trading_days_behind) == (state, behind)


def test_new_york_is_named_by_the_source_of_a_ticker_without_a_suffix() -> None:
    # Thanksgiving is no trading day, and the day after it closes at 13:00.
    found = freshness("AAPL", "2026-11-25", "2026-11-27 20:59", "XNAS")
    assert found == Freshness("fresh", 0, "XNAS", date(2026, 11, 25))
    assert freshness("AAPL", "2026-11-25", "2026-11-27 21:00", "XNGS") == Freshness("late", 1, "XNAS", date(2026, 11, 27))
    assert freshness("AAPL", "2026-11-25", "2026-11-27 21:00") == Freshness("late", 1, None, date(2026, 11, 26))


@pytest.mark.parametrize(
    ("ticker", "mic", "expected"),
    [
        ("RR.L", None, "XLON"),
        ("RR.L", "XLON", "XLON"),
        ("AAPL", None, None),
        ("AAPL", "XNAS", "XNAS"),
        ("AAPL", "XNGS", "XNAS"),
        ("SPY", "ARCX", "XNYS"),
        ("NESN.SW", "XSWX", None),
        ("RR.L", "NOSUCH", "XLON"),
        ("", "", None),
    ],
)
def test_the_source_names_the_exchange_and_else_the_suffix(ticker: str, mic: str | None, expected: str | None) -> None:
    exchange = exchange_for(ticker, mic)
    assert (exchange and exchange.mic) == expected


def test_without_prices_nothing_is_known() -> None:
    assert Expectations(moment("2026-11-25 12:00")).of("RR.L").freshness_of(None) == Freshness("unknown", None, None, None)


def test_an_earlier_day_expects_no_later_bar() -> None:
    monday = Expectations(moment("2026-11-25 12:00"), date(2026, 5, 4))  # a bank holiday in London
    assert monday.of("RR.L").newest == date(2026, 5, 1)
    assert monday.of("AAPL").newest == date(2026, 5, 4)
    future = Expectations(moment("2026-11-25 12:00"), date(2027, 5, 4))
    assert future.of("RR.L").newest == date(2026, 11, 24)


def test_what_prices_are_stale_by_is_the_same_however_stale_they_are() -> None:
    friday, monday = (Expectations(moment(now)).of("RR.L") for now in ("2026-11-27 23:00", "2026-11-30 23:00"))
    newest = date(2026, 11, 19)
    assert friday.stale_by(newest) == monday.stale_by(newest) == StaleBy("XLON", "London Stock Exchange")
    assert friday.stale_by(date(2026, 11, 20)) is None


CALENDARS = st.sampled_from([*exchanges().values(), WEEKDAYS])
# Around midnight UTC on either side, and at any other time, from before the calendars begin until after they end.
MOMENTS = st.builds(
    lambda day, minutes: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes),
    st.dates(date(1989, 6, 1), date(2037, 6, 1)),
    st.one_of(st.integers(-180, 180), st.integers(0, 24 * 60)),
)


@given(calendar=CALENDARS, now=MOMENTS, age=st.integers(-5, 40))
@settings(derandomize=True, max_examples=500, deadline=None)
def test_states_are_bounds_of_the_days_counted_one_by_one(calendar: Exchange, now: datetime, age: int) -> None:
    expected = Expectation.at(calendar, now)
    last_day = expected.newest - timedelta(days=age)
    found = expected.freshness_of(last_day)
    counted = sum(calendar.is_trading_day(last_day + timedelta(days=day)) for day in range(1, age + 1))
    assert found.trading_days_behind == counted
    assert found.state == ("fresh" if not counted else "late" if counted <= STALE_AFTER else "stale")
    assert expected.is_stale(last_day) == (found.state == "stale") == (expected.stale_by(last_day) is not None)


@given(calendar=CALENDARS, now=MOMENTS)
@settings(derandomize=True, max_examples=500, deadline=None)
def test_the_newest_expected_day_has_closed_and_settled_and_the_next_has_not(calendar: Exchange, now: datetime) -> None:
    newest = Expectation.at(calendar, now).newest
    assert calendar.is_trading_day(newest)
    assert (
        calendar.closes_at(newest) + timedelta(hours=3) <= now < calendar.closes_at(calendar.trading_day_after(newest)) + timedelta(hours=3)
    )


@given(now=MOMENTS, newest=st.dates(date(1990, 1, 1), date(2036, 1, 1)), later=st.integers(0, 10_000))
@settings(derandomize=True, max_examples=200, deadline=None)
def test_prices_that_nobody_adds_to_never_become_fresher(now: datetime, newest: date, later: int) -> None:
    for calendar in exchanges().values():
        before, after = (Expectation.at(calendar, at).freshness_of(newest) for at in (now, now + timedelta(minutes=later)))
        assert (before.trading_days_behind or 0) <= (after.trading_days_behind or 0)
