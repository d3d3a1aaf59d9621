"""The calendars of exchanges: the file beside what exchanges published and traded, and the arithmetic beside counting."""

from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.paths import ROOT

from features.prices.providers.sample import SampleProvider
from infrastructure.exchanges import exchange_of, exchanges
from models.exchange import Exchange

TOOLS = ROOT / ".venv-tools" / "bin" / "python"
NEW_YORK, LONDON, TOKYO, HONG_KONG = (exchanges()[mic] for mic in ("XNYS", "XLON", "XTKS", "XHKG"))

# As the exchanges' own pages list them: days on which they are closed, and days on which they close early (local time).
PUBLISHED = {
    "XNYS": {
        2026: "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
        2027: "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
    },
    "XLON": {2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28", 2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28"},
    "XETR": {2026: "01-01 04-03 04-06 05-01 12-24 12-25 12-31"},
    "XPAR": {2026: "01-01 04-03 04-06 05-01 12-25"},
}
EARLY = {("XNYS", "2026-11-27"): "13:00", ("XNYS", "2026-12-24"): "13:00", ("XLON", "2026-12-24"): "12:30", ("XLON", "2026-12-31"): "12:30"}


@pytest.mark.parametrize(("mic", "year"), [(mic, year) for mic, years in PUBLISHED.items() for year in years])
def test_closed_days_are_those_that_the_exchange_published(mic: str, year: int) -> None:
    closed = [f"{day:%m-%d}" for day in exchanges()[mic].closed if day.year == year]
    assert " ".join(closed) == PUBLISHED[mic][year]


def test_early_closes_are_those_that_the_exchanges_published() -> None:
    for (mic, day), at in EARLY.items():
        exchange = exchanges()[mic]
        assert f"{exchange.closes_at(date.fromisoformat(day)).astimezone(exchange.zone):%H:%M}" == at


def test_the_real_prices_of_the_sample_have_every_trading_day_of_new_york_and_no_other() -> None:
    series = next(series for series in SampleProvider().series() if series.ticker == "IBM")
    days = [bar.day for bar in series.bars]
    missing = [day for earlier, later in pairwise(days) for day in [NEW_YORK.trading_day_after(earlier)] if day != later]
    assert missing == []
    assert NEW_YORK.trading_days(days[0], days[-1]) == len(days) - 1


@pytest.mark.skipif(not TOOLS.exists(), reason="exchange_calendars is in the environment that `make calendars` makes")
def test_the_file_says_what_exchange_calendars_says() -> None:
    run = subprocess.run([TOOLS, "-m", "tools.calendars", "--check"], check=False, cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


DAYS = st.dates(date(1988, 1, 1), date(2037, 12, 31))


@given(mic=st.sampled_from(sorted(exchanges())), after=DAYS, length=st.integers(-10, 800))
@settings(derandomize=True, max_examples=200, deadline=None)
def test_trading_days_are_as_many_as_one_counts_one_by_one(mic: str, after: date, length: int) -> None:
    exchange = exchanges()[mic]
    counted = sum(exchange.is_trading_day(after + timedelta(days=day)) for day in range(1, length + 1))
    assert exchange.trading_days(after, after + timedelta(days=length)) == counted


@given(mic=st.sampled_from(sorted(exchanges())), day=DAYS)
@settings(derandomize=True, max_examples=200, deadline=None)
def test_trading_days_are_found_on_both_sides_of_a_day(mic: str, day: date) -> None:
    exchange = exchanges()[mic]
    before, after = exchange.trading_day_until(day), exchange.trading_day_after(day)
    assert before <= day < after
    assert exchange.trading_days(before, after) == 1
    assert exchange.opens_at(after) < exchange.closes_at(after)
    assert exchange.opens_at(after).astimezone(exchange.zone).date() == after


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("exchange", "now", "newest", "final"),
    [
        pytest.param(NEW_YORK, "2026-11-25 14:29", "2026-11-24", "2026-11-24", id="a minute before New York opens, in winter"),
        pytest.param(NEW_YORK, "2026-11-25 14:30", "2026-11-25", "2026-11-24", id="New York has opened"),
        pytest.param(NEW_YORK, "2026-07-08 13:30", "2026-07-08", "2026-07-07", id="in summer an hour earlier"),
        pytest.param(NEW_YORK, "2026-11-25 23:59", "2026-11-25", "2026-11-24", id="closed for less than three hours"),
        pytest.param(NEW_YORK, "2026-11-26 00:00", "2026-11-25", "2026-11-25", id="three hours after the close, when UTC has the next day"),
        pytest.param(NEW_YORK, "2026-11-26 18:00", "2026-11-25", "2026-11-25", id="Thanksgiving"),
        pytest.param(NEW_YORK, "2026-11-27 21:00", "2026-11-27", "2026-11-27", id="three hours after an early close"),
        pytest.param(NEW_YORK, "2026-11-29 12:00", "2026-11-27", "2026-11-27", id="a Sunday"),
        pytest.param(TOKYO, "2026-11-24 23:59", "2026-11-24", "2026-11-24", id="Tokyo's day has begun, its trading has not"),
        pytest.param(TOKYO, "2026-11-25 00:00", "2026-11-25", "2026-11-24", id="Tokyo has opened while London sleeps"),
        pytest.param(TOKYO, "2026-11-25 09:29", "2026-11-25", "2026-11-24", id="three hours after Tokyo's former close"),
        pytest.param(TOKYO, "2026-11-25 09:30", "2026-11-25", "2026-11-25", id="three hours after its close since November 2024"),
        pytest.param(TOKYO, "2026-05-06 12:00", "2026-05-01", "2026-05-01", id="Golden Week"),
        pytest.param(HONG_KONG, "2026-02-18 12:00", "2026-02-16", "2026-02-16", id="Lunar New Year, after an early close"),
        pytest.param(LONDON, "2026-03-30 07:00", "2026-03-30", "2026-03-27", id="the day after London's clocks went forward"),
    ],
)
def test_newest_days_follow_the_exchange_and_not_utc(exchange: Exchange, now: str, newest: str, final: str) -> None:
    assert (exchange.newest_day(moment(now)).isoformat(), exchange.newest_final_day(moment(now)).isoformat()) == (newest, final)


@pytest.mark.parametrize(
    ("ticker", "mic"),
    [("SAP.DE", "XETR"), ("RR.L", "XLON"), ("7203.T", "XTKS"), ("INFY.NS", "XNSE"), ("AAPL", None), ("BRK.B", None), ("AIR.NZ", None)],
)
def test_a_ticker_names_its_exchange_by_its_suffix(ticker: str, mic: str | None) -> None:
    exchange = exchange_of(ticker)
    assert (exchange and exchange.mic) == mic


def test_a_calendar_that_ends_within_a_year_says_so() -> None:
    bombay, today = exchanges()["XBOM"], date(2026, 11, 29)
    assert bombay.ends_soon(today)
    assert not NEW_YORK.ends_soon(today)
    assert bombay.is_trading_day(bombay.last + timedelta(days=1))  # unknown: each weekday counts
