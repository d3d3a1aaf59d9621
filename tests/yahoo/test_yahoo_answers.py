"""What Yahoo answers is read through yfinance: bars, bases, actions, days by the exchange's zone, and which bar is final."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from kit.price_server import Asked, Reply, as_json
from kit.providers import Ask
from kit.yahoo import LONDON, NEW_YORK, SINCE_SPLIT, SYDNEY, TOKYO, Charted, Place, bar_of, is_of_time_zone

from models.corporate_action import ActionKind
from models.footing import Basis

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:yfinance")
WELL = Charted()


def paid(day: date, amount: float, place: Place = NEW_YORK, at: time | None = None, **more: str) -> dict[str, dict[str, object]]:
    second = place.second(day, at)
    return {str(second): {"amount": amount, "date": second, **more}}


def test_the_whole_history_is_read(ask_yahoo: Ask) -> None:
    asking = ask_yahoo(WELL)
    fetched = asking.provider.fetch("AAPL", None)
    assert fetched.packed.days() == [bar.day for bar in SINCE_SPLIT]
    for name in ("open", "high", "low", "close", "adj_close", "volume"):
        assert fetched.packed.column(name).tolist() == pytest.approx([getattr(bar, name) for bar in SINCE_SPLIT], rel=1e-12), name
    assert (fetched.adjusted, fetched.is_final, fetched.dropped) == (True, True, 0)
    assert fetched.bases == (Basis.SPLIT_ADJUSTED, Basis.SPLIT_ADJUSTED)
    assert (fetched.currency, fetched.time_zone) == ("USD", "America/New_York")
    listing = fetched.listing
    assert listing is not None
    assert (listing.name, listing.exchange, listing.currency, listing.kind) == ("Apple Inc.", "XNAS", "USD", "equity")


def test_every_request_is_metered_and_goes_to_the_one_address(ask_yahoo: Ask) -> None:
    asking = ask_yahoo(WELL)
    asking.provider.fetch("AAPL", None)
    first = len(asking.server.asked)
    assert asking.meter.calls == first
    assert {asked.headers["host"] for asked in asking.server.asked} == {asking.server.address.removeprefix("http://")}
    charts = [asked for asked in asking.server.asked if asked.path == "/v8/finance/chart/AAPL"]
    assert len(charts) == asking.provider.cost(None)
    assert charts[-1].query["events"] == "div,splits,capitalGains"
    assert len({asked.connection for asked in asking.server.asked}) == 1


def test_only_what_is_missing_is_asked_for(ask_yahoo: Ask) -> None:
    asking = ask_yahoo(WELL)
    fetched = asking.provider.fetch("AAPL", date(2005, 3, 24))
    assert fetched.packed.days() == [bar.day for bar in SINCE_SPLIT if bar.day >= date(2005, 3, 24)]
    assert int(asking.server.asked[-1].query["period1"]) == NEW_YORK.second(date(2005, 3, 24), time(0))


@pytest.mark.parametrize(
    ("ticker", "symbol"), [("BRK.B", "BRK-B"), ("VOD.L", "VOD.L"), ("7203.T", "7203.T"), ("^GSPC", "^GSPC"), ("EURUSD=X",) * 2]
)
def test_tickers_are_asked_for_as_yahoo_writes_them(ask_yahoo: Ask, ticker: str, symbol: str) -> None:
    assert len(ask_yahoo(WELL.but(symbol=symbol)).provider.fetch(ticker, None).packed) == len(SINCE_SPLIT)


def test_actions_are_those_since_the_day(ask_yahoo: Ask) -> None:
    split = NEW_YORK.second(date(2005, 2, 28))
    events = {
        "dividends": paid(date(2005, 3, 15), 0.12) | paid(date(2005, 3, 1), 0.05) | paid(date(2005, 2, 25), 19.0),
        "splits": {str(split): {"date": split, "numerator": 1.0, "denominator": 190.0, "splitRatio": "1:190"}},
        "capitalGains": paid(date(2005, 3, 15), 0.5),
    }
    charted = WELL.but(events=events, meta={"instrumentType": "ETF"})
    told = [
        (one.effective_day, one.kind, one.numerator, one.denominator, one.amount)
        for one in ask_yahoo(charted).provider.fetch("AAPL", None).actions
    ]
    assert told == [
        (date(2005, 2, 25), ActionKind.DIVIDEND, None, None, 0.1),  # before the split: as it was paid
        (date(2005, 2, 28), ActionKind.SPLIT, 1, 190, None),
        (date(2005, 3, 1), ActionKind.DIVIDEND, None, None, 0.05),
        (date(2005, 3, 15), ActionKind.CAPITAL_GAIN, None, None, 0.5),
        (date(2005, 3, 15), ActionKind.DIVIDEND, None, None, 0.12),
    ]
    since = ask_yahoo(charted).provider.fetch("AAPL", date(2005, 3, 2)).actions
    assert {one.effective_day for one in since} == {date(2005, 3, 15)}


def test_an_action_on_a_day_without_a_bar_makes_no_bar(ask_yahoo: Ask) -> None:
    days = [date(2005, 3, 26), date(2005, 4, 4), date(2005, 4, 5), date(2005, 4, 6)]
    events = {name: event for day in days for name, event in paid(day, 0.12).items()}
    fetched = ask_yahoo(WELL.but(events={"dividends": events})).provider.fetch("AAPL", None)
    assert (len(fetched.packed), fetched.dropped) == (len(SINCE_SPLIT), 0)
    assert [one.effective_day for one in fetched.actions] == days


def test_an_action_just_before_midnight_is_of_the_next_day(ask_yahoo: Ask) -> None:
    """Yahoo is wrong by an hour about some changes of the clock."""
    events = {"dividends": paid(date(2005, 3, 14), 0.12, at=time(23))}
    assert [one.effective_day for one in ask_yahoo(WELL.but(events=events)).provider.fetch("AAPL", None).actions] == [date(2005, 3, 15)]


def test_actions_that_are_none_are_left_out(ask_yahoo: Ask) -> None:
    second = NEW_YORK.second(date(2005, 3, 15))
    nothing = [{"date": second, "numerator": 1, "denominator": 0}, {"date": second, "numerator": 1, "denominator": 1}]
    events = {
        "splits": {str(at): one for at, one in enumerate(nothing)},
        "dividends": {"1": {"date": second, "amount": 0}, "2": {"date": second, "amount": -1}},
    }
    assert ask_yahoo(WELL.but(events=events)).provider.fetch("AAPL", None).actions == ()


@pytest.mark.parametrize(
    ("currency", "more", "amount", "told"),
    [
        pytest.param("GBp", {}, 12.0, "GBp", id="pence, as the prices"),
        pytest.param("GBp", {"currency": "GBp"}, 12.0, "GBp", id="pence, in words"),
        pytest.param("GBp", {"currency": "GBP"}, 1200.0, "GBp", id="pounds beside prices in pence"),
        pytest.param("GBP", {"currency": "GBp"}, 0.12, "GBP", id="pence beside prices in pounds"),
        pytest.param("ZAc", {"currency": "ZAR"}, 1200.0, "ZAc", id="rand beside prices in cents"),
        pytest.param("GBp", {"currency": "USD"}, 12.0, "USD", id="another currency"),
    ],
)
def test_dividends_are_in_the_unit_of_the_prices(ask_yahoo: Ask, currency: str, more: dict[str, Any], amount: float, told: str) -> None:
    """Prices in pence stay as delivered, and say so."""
    place = replace(LONDON, currency=currency)
    charted = WELL.but(symbol="VOD.L", place=place, events={"dividends": paid(date(2005, 3, 15), 12.0, place, **more)})
    fetched = ask_yahoo(charted).provider.fetch("VOD.L", None)
    assert fetched.currency == currency
    assert [(one.amount, one.currency) for one in fetched.actions] == [(pytest.approx(amount), told)]
    assert fetched.packed.column("close")[0] == SINCE_SPLIT[0].close


@pytest.mark.parametrize(
    ("ticker", "place", "final"),
    [
        pytest.param("AAPL", NEW_YORK, False, id="New York: the close is an hour ago"),
        pytest.param("VOD.L", LONDON, True, id="London"),
        pytest.param("7203.T", TOKYO, True, id="Tokyo"),
        pytest.param("BHP.AX", SYDNEY, True, id="Sydney, where the next day has begun"),
        pytest.param("^N225", TOKYO, True, id="an index of Tokyo, without a suffix"),
    ],
)
def test_days_and_their_end_are_those_of_the_exchange(ask_yahoo: Ask, ticker: str, place: Place, final: bool) -> None:
    """Sydney opens at 23:00 UTC of the day before."""
    bars = [bar_of(day) for day in (date(2005, 3, 22), date(2005, 3, 23), date(2005, 3, 24))]
    charted = Charted(ticker, place, bars, events={"dividends": paid(date(2005, 3, 23), 0.1, place, time(8, 30))})
    fetched = ask_yahoo(charted, moment=datetime(2005, 3, 24, 22, tzinfo=UTC)).provider.fetch(ticker, None)
    assert fetched.packed.days() == [bar.day for bar in bars]
    assert [one.effective_day for one in fetched.actions] == [date(2005, 3, 23)]
    assert (fetched.is_final, fetched.time_zone) == (final, place.zone)


@pytest.mark.parametrize(("hour", "final"), [(12, False), (23, False)])
def test_a_currency_has_no_close(ask_yahoo: Ask, hour: int, final: bool) -> None:
    """Its bars are of every day, and final after midnight."""
    crypto = Place("CCC", "UTC", time(0), "USD")
    charted = Charted("BTC-USD", crypto, [bar_of(date(2005, 4, day)) for day in (1, 2, 3)], meta={"instrumentType": "CRYPTOCURRENCY"})
    moment = datetime(2005, 4, 3, hour, tzinfo=UTC)
    fetched = ask_yahoo(charted, moment=moment).provider.fetch("BTC-USD", None)
    assert (fetched.packed.last_day(), fetched.is_final) == (date(2005, 4, 3), final)
    assert ask_yahoo(charted, moment=datetime(2005, 4, 4, 0, 1, tzinfo=UTC)).provider.fetch("BTC-USD", None).is_final


def live(second: int, price: float = 41.0) -> tuple[int, dict[str, float]]:
    return second, {**dict.fromkeys(("open", "high", "low", "close", "adj_close"), price), "volume": 0}


def test_a_live_price_before_the_open_is_no_bar(ask_yahoo: Ask) -> None:
    """Yahoo appends it to any answer; New York opens at 14:30 UTC."""
    charted = WELL.but(rows=[live(NEW_YORK.second(date(2005, 4, 1), time(7)))])
    fetched = ask_yahoo(charted).provider.fetch("AAPL", None)
    assert (fetched.packed.last_day(), fetched.is_final, fetched.dropped) == (date(2005, 3, 31), True, 0)


def test_a_live_price_during_the_day_is_provisional(ask_yahoo: Ask) -> None:
    charted = WELL.but(rows=[live(NEW_YORK.second(date(2005, 4, 1), time(11)))])
    fetched = ask_yahoo(charted, moment=datetime(2005, 4, 1, 16, tzinfo=UTC)).provider.fetch("AAPL", None)
    assert (fetched.packed.last_day(), fetched.is_final) == (date(2005, 4, 1), False)


def test_a_live_price_after_the_close_is_of_that_day_and_provisional(ask_yahoo: Ask) -> None:
    """A row more, of the same day: it is one bar, until three hours after the close."""
    newest = SINCE_SPLIT[-1]
    row = {name: getattr(newest, name) for name in ("open", "high", "low", "close", "adj_close")}
    charted = WELL.but(rows=[(NEW_YORK.second(newest.day, time(16, 0, 1)), {**row, "volume": newest.volume + 100})])
    fetched = ask_yahoo(charted, moment=datetime(2005, 3, 31, 21, 30, tzinfo=UTC)).provider.fetch("AAPL", None)
    assert fetched.packed.days() == [bar.day for bar in SINCE_SPLIT]
    assert (fetched.packed.column("volume")[-1], fetched.is_final) == (newest.volume + 100, False)


def with_middle(**values: object) -> Charted:
    at = len(SINCE_SPLIT) // 2
    bar = SINCE_SPLIT[at]
    row = {name: getattr(bar, name) for name in ("open", "high", "low", "close", "adj_close", "volume")} | values
    return WELL.but(bars=SINCE_SPLIT[:at] + SINCE_SPLIT[at + 1 :], rows=[(NEW_YORK.second(bar.day), row)])


NULLS = dict.fromkeys(("open", "high", "low", "close", "adj_close", "volume"))


@pytest.mark.parametrize(
    ("charted", "bars", "dropped"),
    [
        pytest.param(with_middle(), 0, 0, id="in no order"),
        pytest.param(with_middle(**NULLS), -1, 0, id="a day of nulls is no bar"),
        pytest.param(with_middle(close=None), -1, 1, id="no close"),
        pytest.param(with_middle(adj_close=None), -1, 1, id="no adjusted close"),
        pytest.param(with_middle(adj_close="Infinity"), -1, 1, id="an adjusted close without end, as text"),
        pytest.param(with_middle(adj_close=float("inf")), -1, 1, id="an adjusted close without end, which is no JSON"),
        pytest.param(with_middle(close=float("nan")), -1, 1, id="NaN, which is no JSON"),
        pytest.param(with_middle(volume=None), 0, 0, id="no volume"),
        pytest.param(with_middle(close=-1.0), -1, 1, id="a price below 0"),
        pytest.param(
            WELL.but(rows=[(NEW_YORK.second(SINCE_SPLIT[-1].day), {**NULLS, "close": 41.0})]), -1, 1, id="a day twice, with nulls"
        ),
    ],
)
def test_what_is_missing_is_left_out(ask_yahoo: Ask, charted: Charted, bars: int, dropped: int) -> None:
    fetched = ask_yahoo(charted).provider.fetch("AAPL", None)
    assert (len(fetched.packed) - len(SINCE_SPLIT), fetched.dropped) == (bars, dropped)
    days = fetched.packed.days()
    assert days == sorted(set(days))


def test_a_newest_day_without_its_close_is_not_over(ask_yahoo: Ask) -> None:
    day = date(2005, 4, 1)
    charted = WELL.but(rows=[(NEW_YORK.second(day), {**NULLS, "open": 41.0, "high": 41.0, "low": 41.0, "volume": 5})])
    asking = ask_yahoo(charted, moment=datetime(2005, 4, 1, 23, tzinfo=UTC))
    for since in (None, date(2005, 3, 31)):
        fetched = asking.provider.fetch("AAPL", since)
        assert (fetched.packed.last_day(), fetched.dropped) == (date(2005, 3, 31), 0)


def test_search(ask_yahoo: Ask) -> None:
    quotes = [
        {"symbol": "AAPL", "longname": "Apple Inc.", "shortname": "Apple", "exchange": "NMS", "quoteType": "EQUITY"},
        {"symbol": "BRK-B", "shortname": "Berkshire", "exchange": "NYQ", "quoteType": "EQUITY"},
        {"symbol": "APC.F", "exchange": "XYZ"},
        {"symbol": "no ticker at all"},
        {"name": "a company that is not listed"},
    ]
    asking = ask_yahoo(as_json({"quotes": quotes, "news": []}))
    found = asking.provider.search("apple, the company")
    assert [(one.ticker, one.name, one.exchange, one.kind) for one in found] == [
        ("AAPL", "Apple Inc.", "XNAS", "equity"),
        ("BRK.B", "Berkshire", "XNYS", "equity"),
        ("APC.F", None, "XYZ", None),
    ]
    assert asking.server.asked[-1].query["q"] == "apple, the company"
    assert asking.meter.calls == len(asking.server.asked)


def test_threads_ask_for_themselves(ask_yahoo: Ask) -> None:
    """There is one session for all; each provider's requests go to its own address, and on its own account."""
    bars = {f"T{at}": [bar_of(date(2005, 3, 31), 10.0 + at)] for at in range(6)}

    def answer(asked: Asked) -> Reply:
        ticker = asked.path.rpartition("/")[2]
        return as_json(Charted(ticker, bars=bars[ticker]).body())

    asking = [ask_yahoo(answer) for _ in bars]
    closes: dict[str, float] = {}

    def fetch(at: int) -> None:
        ticker = f"T{at}"
        closes[ticker] = asking[at].provider.fetch(ticker, None).packed.column("close")[0]

    threads = [threading.Thread(target=fetch, args=(at,)) for at in range(len(bars))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert closes == {ticker: found[0].close for ticker, found in bars.items()}
    for at, one in enumerate(asking):
        assert one.meter.calls == len(one.server.asked)
        assert {asked.path for asked in one.server.asked if asked.path.startswith("/v8")} == {f"/v8/finance/chart/T{at}"}


def test_the_time_zone_is_asked_for_as_yfinance_does(ask_yahoo: Ask) -> None:
    """A change of this would change what a fetch counts for."""
    asking = ask_yahoo(WELL)
    asking.provider.fetch("AAPL", None)
    charts = [asked for asked in asking.server.asked if asked.path.startswith("/v8")]
    assert [is_of_time_zone(asked) for asked in charts] == [True, False]
