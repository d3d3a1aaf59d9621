"""What goes wrong at providers: each fault is told by its kind, and rows with faults are left out as in an upload."""

from __future__ import annotations

import math
import socket
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import chain, repeat

import pytest
from kit.price_server import Asked, Reply, as_json
from kit.providers import (
    BARS,
    MOMENT,
    SOON_TIRED,
    TIINGO_META,
    UNHURRIED,
    WELL,
    Ask,
    Counter,
    made,
    tiingo,
    tiingo_row,
    twelve_body,
    twelve_rows,
)

from features.prices.providers.answers import is_final
from features.prices.providers.base import Means
from models.price_series import Bar
from models.provider import ProviderError, ProviderFault, Window

EACH = pytest.mark.parametrize("kind", WELL)

HTML = Reply(
    b"<!doctype html><title>Just a moment...</title><p>Checking your browser: proof of work</p>", headers={"Content-Type": "text/html"}
)
MINUTE = "You have run out of API credits for the current minute. 9 API credits were used, with the current limit being 8."
DAY = "You have run out of API credits for the day. 801 API credits were used, with the current limit being 800."
HOURLY = "Error: You have run over your hourly request allocation. Please upgrade at https://api.tiingo.com/pricing."
MONTHLY = "You have run over your 500 symbol look up for this month. Please upgrade at https://api.tiingo.com/pricing."
EXHAUSTED, UNKNOWN, REFUSED, UNREACHABLE, BAD = (
    ProviderFault.EXHAUSTED, ProviderFault.UNKNOWN_TICKER, ProviderFault.KEY_REFUSED, ProviderFault.UNREACHABLE, ProviderFault.BAD_ANSWER,
)  # fmt: skip


def error(code: int, message: str, status: int = 200) -> Reply:
    return as_json({"code": code, "message": message, "status": "error"}, status)


FAULTS = [
    pytest.param("tiingo", as_json({"detail": HOURLY}, 429), EXHAUSTED, Window.HOUR, id="tiingo: the hour, 429"),
    pytest.param("tiingo", Reply(HOURLY.encode()), EXHAUSTED, Window.HOUR, id="tiingo: the hour, in words with 200"),
    pytest.param(
        "tiingo", as_json({"detail": HOURLY.replace("hourly", "daily")}), EXHAUSTED, Window.DAY, id="tiingo: the day, JSON with 200"
    ),
    pytest.param("tiingo", Reply(MONTHLY.encode()), EXHAUSTED, Window.MONTH, id="tiingo: the month, in words with 200"),
    pytest.param("tiingo", Reply(b"", 429), EXHAUSTED, Window.HOUR, id="tiingo: 429 without a word"),
    pytest.param("tiingo", as_json({"detail": "Not found."}, 404), UNKNOWN, None, id="tiingo: no such ticker"),
    pytest.param("tiingo", Reply(b"Error: Ticker 'AAPL' not found"), UNKNOWN, None, id="tiingo: no such ticker, with 200"),
    pytest.param("tiingo", as_json([]), UNKNOWN, None, id="tiingo: no rows at all"),
    pytest.param("tiingo", as_json({"detail": "Invalid token."}, 401), REFUSED, None, id="tiingo: the key is wrong"),
    pytest.param("tiingo", as_json({"rows": 1}), BAD, None, id="tiingo: an object"),
    pytest.param("tiingo", as_json([{"close": 1}]), BAD, None, id="tiingo: rows without days"),
    pytest.param("tiingo", Reply(b'[{"date": "2005-02-01", "close": NaN}]'), BAD, None, id="tiingo: NaN is no JSON"),
    pytest.param("twelvedata", error(429, MINUTE, 429), EXHAUSTED, Window.MINUTE, id="twelve data: the minute, 429"),
    pytest.param("twelvedata", error(429, MINUTE), EXHAUSTED, Window.MINUTE, id="twelve data: the minute, inside a 200"),
    pytest.param("twelvedata", error(429, DAY), EXHAUSTED, Window.DAY, id="twelve data: the day, inside a 200"),
    pytest.param(
        "twelvedata",
        error(404, "**symbol** not found: AAPL. Please specify it correctly."),
        UNKNOWN,
        None,
        id="twelve data: no such ticker",
    ),
    pytest.param(
        "twelvedata",
        error(403, "AAPL is available starting with the Grow or Venture plan.", 403),
        UNKNOWN,
        None,
        id="twelve data: another plan",
    ),
    pytest.param("twelvedata", error(401, "**apikey** parameter is incorrect", 401), REFUSED, None, id="twelve data: the key is wrong"),
    pytest.param("twelvedata", error(400, "**interval** is wrong"), BAD, None, id="twelve data: our request is wrong"),
    pytest.param("twelvedata", error(500, "internal"), UNREACHABLE, None, id="twelve data: a fault of its own inside a 200"),
    pytest.param("twelvedata", error(400, "No data is available on the specified dates."), UNKNOWN, None, id="twelve data: no rows at all"),
    pytest.param("twelvedata", as_json([1, 2]), BAD, None, id="twelve data: a list"),
    pytest.param(
        "twelvedata", as_json({"meta": ["AAPL"], "values": [], "status": "ok"}), BAD, None, id="twelve data: a list in place of meta"
    ),
    pytest.param("twelvedata", error([], "odd"), BAD, None, id="twelve data: a code that is none"),  # type: ignore[arg-type]
    pytest.param(
        "tiingo", as_json([{**tiingo_row(BARS[0]), "date": "yesterday", "divCash": 1.0}]), BAD, None, id="tiingo: a dividend on no day"
    ),
    pytest.param("csv_url", Reply(b"gone", 404), UNKNOWN, None, id="files: no such file"),
    pytest.param("csv_url", Reply(b"slow down", 429), EXHAUSTED, Window.MINUTE, id="files: too often"),
    pytest.param("csv_url", Reply(b"who are you?", 403), REFUSED, None, id="files: no access"),
    pytest.param("csv_url", Reply(b"Exceeded the daily hits limit"), BAD, None, id="files: words with 200"),
    pytest.param("csv_url", Reply(b"Date,Open,High,Low,Close,Volume\n"), BAD, None, id="files: a header without rows"),
    *(pytest.param(kind, HTML, BAD, None, id=f"{kind}: HTML with 200") for kind in WELL),
    *(pytest.param(kind, Reply(b""), BAD, None, id=f"{kind}: nothing with 200") for kind in WELL),
    *(pytest.param(kind, Reply(b"oops", 500), UNREACHABLE, None, id=f"{kind}: 500") for kind in WELL),
    *(pytest.param(kind, Reply(b"teapot", 418), BAD, None, id=f"{kind}: a status that nobody documents") for kind in WELL),
]


@pytest.mark.parametrize(("kind", "reply", "fault", "window"), FAULTS)
def test_what_is_no_data_is_told_by_its_kind(ask: Ask, kind: str, reply: Reply, fault: ProviderFault, window: Window | None) -> None:
    with pytest.raises(ProviderError) as caught:
        ask(kind, reply).provider.fetch("AAPL", None)
    assert (caught.value.fault, caught.value.window) == (fault, window)
    assert str(caught.value).endswith(".")


@EACH
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("17", 17.0),
        ("Fri, 01 Apr 2005 12:00:00 GMT", 0.0),
        ("soon", None),
        ("9" * 40, 86_400.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
    ],
)
def test_retry_after_is_told_on(ask: Ask, kind: str, header: str | None, seconds: float | None) -> None:
    headers = {} if header is None else {"Retry-After": header}
    with pytest.raises(ProviderError) as caught:
        ask(kind, as_json({"code": 429, "status": "error"}, 429, **headers)).provider.fetch("AAPL", None)
    assert (caught.value.fault, caught.value.retry_after) == (EXHAUSTED, seconds)


@EACH
@pytest.mark.parametrize("trouble", [Reply(b"later", 503), Reply(b"x" * 100, cut=True)], ids=["a 503", "an answer that is cut off"])
def test_another_attempt_mends_a_short_trouble_and_is_metered(ask: Ask, kind: str, trouble: Reply) -> None:
    replies = chain([trouble], repeat(None))

    def answer(asked: Asked) -> Reply:
        return next(replies) or WELL[kind](asked)

    asking = ask(kind, answer)
    assert len(asking.provider.fetch("AAPL", None).packed) == len(BARS)
    assert len(asking.server.asked) == asking.meter.calls == asking.provider.cost(None) + 1


@EACH
def test_a_wait_that_is_asked_for_is_kept_or_told_on(ask: Ask, kind: str) -> None:
    asking = ask(kind, Reply(b"later", 503, {"Retry-After": "60"}))
    with pytest.raises(ProviderError) as caught:
        asking.provider.fetch("AAPL", None)
    assert (caught.value.fault, caught.value.retry_after, len(asking.server.asked)) == (UNREACHABLE, 60.0, 1)


@EACH
@pytest.mark.parametrize(
    "trouble",
    [Reply(silent=True), Reply(b"x" * 4_000, drips=True), Reply(drips_headers=True), Reply(b"x" * 4_000, cut=True)],
    ids=["silent", "dripping", "headers that drip", "cut off"],
)
def test_a_server_that_does_not_end_its_answer_is_given_up(ask: Ask, kind: str, trouble: Reply) -> None:
    asking = ask(kind, trouble, replace(SOON_TIRED, attempts=2))
    with pytest.raises(ProviderError) as caught:
        asking.provider.fetch("AAPL", None)
    assert caught.value.fault is UNREACHABLE
    assert len(asking.server.asked) == 2


@EACH
def test_no_server_is_told(ask: Ask, kind: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        provider = made(kind, address, Means(Counter(), lambda: MOMENT, UNHURRIED))
        with pytest.raises(ProviderError, match="did not answer: no connection") as caught:
            provider.fetch("AAPL", None)
        provider.close()
    assert caught.value.fault is UNREACHABLE


def test_another_tickers_data_are_refused(ask: Ask) -> None:
    for kind, answer in (
        ("tiingo", lambda asked: as_json({**TIINGO_META, "ticker": "MSFT"}) if asked.path.endswith("AAPL") else tiingo(asked)),
        ("twelvedata", lambda asked: as_json(twelve_body(twelve_rows(asked), "MSFT"))),
        ("csv_url", lambda asked: Reply(b"Symbol,Date,Open,High,Low,Close,Volume\n" + b"MSFT,2005-03-01,1,1,1,1,5\n" * 2)),
    ):
        with pytest.raises(ProviderError, match="another ticker") as caught:
            ask(kind, answer).provider.fetch("AAPL", None)
        assert caught.value.fault is BAD


def changed(**changes: object) -> list[Bar]:
    """The bars with a change to the one in the middle."""
    at = len(BARS) // 2
    return [*BARS[:at], replace(BARS[at], **changes), *BARS[at + 1 :]]  # type: ignore[arg-type]


@EACH
@pytest.mark.parametrize(
    ("bars", "dropped"),
    [
        pytest.param(list(reversed(BARS)), 0, id="in no order"),
        pytest.param([*BARS, BARS[-1]], 0, id="a day twice, the same"),
        pytest.param([*BARS, replace(BARS[-1], close=BARS[-1].high)], 1, id="a day twice, with a live price"),
        pytest.param(changed(close=-1.0), 1, id="a price below 0"),
        pytest.param(changed(high=1e15), 1, id="a price that cannot be"),
        pytest.param([*BARS, replace(BARS[-1], day=date(2005, 4, 20))], 1, id="a day to come"),
    ],
)
def test_rows_with_faults_are_left_out_as_in_an_upload(ask: Ask, kind: str, bars: list[Bar], dropped: int) -> None:
    fetched = ask(kind, lambda asked: WELL[kind](asked, bars)).provider.fetch("AAPL", None)  # type: ignore[call-arg]
    assert fetched.dropped == dropped
    days = fetched.packed.days()
    assert days == sorted(set(days))
    assert set(days) <= {bar.day for bar in BARS}
    assert all(math.isfinite(value) for value in fetched.packed.column("close"))


def test_numbers_that_are_none_are_left_out(ask: Ask) -> None:
    for text in ("NaN", "Infinity", "", "n/a"):

        def answer(asked: Asked, text: str = text) -> Reply:
            rows = twelve_rows(asked)
            rows[3]["close"] = text
            return as_json(twelve_body(rows))

        fetched = ask("twelvedata", answer).provider.fetch("AAPL", None)
        assert (len(fetched.packed), fetched.dropped) == (len(BARS) - 1, 1)


def test_an_index_has_no_volume(ask: Ask) -> None:
    def answer(asked: Asked) -> Reply:
        return as_json(twelve_body([{name: text for name, text in row.items() if name != "volume"} for row in twelve_rows(asked)]))

    assert set(ask("twelvedata", answer).provider.fetch("AAPL", None).packed.column("volume")) == {0.0}


@EACH
@pytest.mark.parametrize(
    ("moment", "final"),
    [("2005-03-31 21:30", False), ("2005-04-01 00:59", True), ("2005-03-31 23:59", False), ("2005-04-02 12:00", True)],
)
def test_the_newest_bar_is_final_three_hours_after_the_close(ask: Ask, kind: str, moment: str, final: bool) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert is_final("AAPL", ask(kind, WELL[kind], moment=at).provider.fetch("AAPL", None), None, at) is final


def test_search(ask: Ask) -> None:
    found = [
        {
            "name": "Apple Inc",
            "ticker": "AAPL",
            "permaTicker": "US000000000038",
            "assetType": "Stock",
            "isActive": True,
            "countryCode": "US",
        },
        {"name": "Berkshire", "ticker": "BRK-B", "assetType": "Stock", "isActive": True, "countryCode": "US"},
        {"name": "Gone Ltd", "ticker": "GONE", "assetType": "Stock", "isActive": False, "countryCode": "US"},
    ]
    asking = ask("tiingo", as_json(found))
    assert [(one.ticker, one.name, one.kind) for one in asking.provider.search("apple")] == [
        ("AAPL", "Apple Inc", "stock"),
        ("BRK.B", "Berkshire", "stock"),
    ]
    assert (asking.server.asked[0].query["query"], asking.meter.calls) == ("apple", 1)
    listed = {"symbol": "AAPL", "instrument_name": "Apple Inc", "mic_code": "XNGS", "country": "United States", "currency": "USD"}
    other = {"symbol": "APC", "instrument_name": "Apple Inc", "mic_code": "XFRA", "country": "Germany", "currency": "EUR"}
    asking = ask("twelvedata", as_json({"data": [{**listed, "instrument_type": "Common Stock"}, other], "status": "ok"}))
    assert [(one.ticker, one.kind) for one in asking.provider.search("apple")] == [("AAPL", "common stock")]
    assert ask("csv_url", HTML).provider.search("apple") == []
