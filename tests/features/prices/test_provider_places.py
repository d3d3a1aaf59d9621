"""Providers and where their tickers trade: renamed tickers, hundredths of a currency, days of other time zones, live prices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from kit.price_server import Asked, Reply, as_json
from kit.providers import BARS, TIINGO_META, WELL, Ask, csv_file, tiingo_row, twelve_body, twelve_rows

from features.prices.providers.answers import is_final
from models.price_series import Bar
from models.provider import ProviderError, ProviderFault

EACH = pytest.mark.parametrize("kind", WELL)
DAYS = [date(2005, 3, 22), date(2005, 3, 23), date(2005, 3, 24)]
THREE = [replace(bar, day=day) for bar, day in zip(BARS[-3:], DAYS, strict=True)]
EVENING = datetime(2005, 3, 24, 22, tzinfo=UTC)  # New York closed an hour ago; in Sydney the next day has begun


def twelve_of(symbol: str, currency: str, zone: str, bars: list[Bar], asked: Asked) -> Reply:
    body = twelve_body(twelve_rows(asked, bars), symbol)
    mic = asked.query.get("mic_code", "XNGS")
    return as_json({**body, "meta": {**body["meta"], "currency": currency, "exchange_timezone": zone, "mic_code": mic}})  # type: ignore[dict-item]


def renamed_at_tiingo(asked: Asked) -> Reply:
    return as_json([tiingo_row(bar) for bar in BARS] if asked.path.endswith("/prices") else {**TIINGO_META, "ticker": "META"})


RENAMED = {
    "tiingo": renamed_at_tiingo,
    "twelvedata": lambda asked: twelve_of("META", "USD", "America/New_York", BARS, asked),
    "csv_url": lambda asked: Reply(
        b"Symbol,Date,Open,High,Low,Close\n" + b"".join(f"META,{bar.day},1,1,1,1\n".encode() for bar in BARS), headers={}
    ),
}


@EACH
def test_a_ticker_that_was_renamed_is_told_by_both_names(ask: Ask, kind: str) -> None:
    with pytest.raises(ProviderError) as caught:
        ask(kind, RENAMED[kind]).provider.fetch("FB", None)
    assert caught.value.fault is ProviderFault.BAD_ANSWER
    assert "FB" in str(caught.value)
    assert "META" in str(caught.value)


@pytest.mark.parametrize("currency", ["GBp", "GBX", "GBP"])
def test_prices_in_pence_stay_as_delivered_and_say_so(ask: Ask, currency: str) -> None:
    asking = ask("twelvedata", lambda asked: twelve_of("VOD", currency, "Europe/London", BARS, asked))
    fetched = asking.provider.fetch("VOD.L", None)
    assert fetched.listing is not None
    assert (fetched.currency, fetched.listing.currency) == (currency, currency)
    assert fetched.packed.column("close")[0] == BARS[0].close


def test_files_tell_no_currency(ask: Ask) -> None:
    fetched = ask("csv_url", csv_file).provider.fetch("VOD.L", None)
    assert (fetched.currency, fetched.listing) == (None, None)


@pytest.mark.parametrize("kind", ["twelvedata", "csv_url"])
@pytest.mark.parametrize(
    ("ticker", "zone", "final"),
    [
        ("BHP.AX", "Australia/Sydney", True),
        ("7203.T", "Asia/Tokyo", True),
        ("VOD.L", "Europe/London", True),
        ("AAPL", "America/New_York", False),
    ],
)
def test_days_are_those_of_the_exchange_and_end_there(ask: Ask, kind: str, ticker: str, zone: str, final: bool) -> None:
    def answer(asked: Asked) -> Reply:
        if kind == "csv_url":
            return csv_file(asked, THREE)
        return twelve_of(ticker.partition(".")[0], "USD", zone, THREE, asked)

    fetched = ask(kind, answer, moment=EVENING).provider.fetch(ticker, None)
    assert fetched.packed.days() == DAYS
    assert (is_final(ticker, fetched, None, EVENING), fetched.dropped) == (final, 0)
    assert fetched.time_zone == (zone if kind == "twelvedata" else None)


def test_tiingos_midnights_in_utc_are_days_of_new_york(ask: Ask) -> None:
    fetched = ask("tiingo", lambda asked: as_json([tiingo_row(bar) for bar in THREE]), moment=EVENING).provider.fetch("AAPL", DAYS[0])
    assert (fetched.packed.days(), is_final("AAPL", fetched, None, EVENING), fetched.time_zone) == (DAYS, False, "America/New_York")


@pytest.mark.parametrize("kind", ["twelvedata", "csv_url"])
@pytest.mark.parametrize(("ticker", "day"), [("BHP.AX", date(2005, 3, 26)), ("7203.T", date(2005, 3, 26))])
def test_a_day_that_has_not_begun_there_has_no_bar(ask: Ask, kind: str, ticker: str, day: date) -> None:
    """At 22:00 UTC the 25th has begun in Sydney and Tokyo, and the 26th has not."""
    bars = [*BARS[:30], *THREE, replace(THREE[-1], day=day)]
    bars = sorted({bar.day: bar for bar in bars}.values(), key=lambda bar: bar.day)

    def answer(asked: Asked) -> Reply:
        return csv_file(asked, bars) if kind == "csv_url" else twelve_of(ticker.partition(".")[0], "AUD", "UTC", bars, asked)

    fetched = ask(kind, answer, moment=EVENING).provider.fetch(ticker, None)
    assert (fetched.packed.last_day(), fetched.dropped) == (DAYS[-1], 1)


@EACH
@pytest.mark.parametrize(
    ("day", "moment", "final"),
    [
        pytest.param(date(2005, 4, 1), "2005-04-01 12:00", False, id="before the open"),
        pytest.param(date(2005, 4, 1), "2005-04-01 16:00", False, id="while it trades"),
        pytest.param(date(2005, 4, 1), "2005-04-01 21:30", False, id="after the close"),
        pytest.param(date(2005, 4, 1), "2005-04-02 00:30", True, id="three hours after it"),
    ],
)
def test_a_live_price_that_is_appended_is_provisional(ask: Ask, kind: str, day: date, moment: str, final: bool) -> None:
    newest = BARS[-1]
    live = replace(newest, day=day, open=newest.close, high=newest.close, low=newest.close, volume=0.0)
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    fetched = ask(kind, lambda asked: WELL[kind](asked, [*BARS, live]), moment=at).provider.fetch("AAPL", None)  # type: ignore[call-arg]
    assert (fetched.packed.last_day(), is_final("AAPL", fetched, None, at)) == (day, final)
