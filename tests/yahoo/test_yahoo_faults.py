"""What goes wrong at Yahoo, through yfinance: each fault is told by its kind, attempts are bounded, and nothing bad is kept."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import chain, repeat
from pathlib import Path

import pytest
from kit.price_server import Answering, Asked, Reply, as_json, certificate, price_server
from kit.providers import MOMENT, SOON_TIRED, UNHURRIED, Ask, Counter
from kit.yahoo import CHART, CRUMB, NOT_FOUND, SINCE_SPLIT, Charted, is_of_time_zone, refusal

from features.prices.providers.base import Means
from features.prices.providers.yahoo import Yahoo
from models.provider import ProviderError, ProviderFault, Window

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:yfinance")
WELL = Charted()
EXHAUSTED, UNKNOWN, UNREACHABLE, BAD = (
    ProviderFault.EXHAUSTED, ProviderFault.UNKNOWN_TICKER, ProviderFault.UNREACHABLE, ProviderFault.BAD_ANSWER,
)  # fmt: skip
HTML = {"Content-Type": "text/html"}
DOWN = Reply(b"<!doctype html><title>Yahoo</title><h1>Will be right back...</h1>", headers=HTML)
NO_DATA = refusal("Bad Request", "Data doesn't exist for startDate = 1112245200, endDate = 1112331600", 400)
TURNED_AWAY = as_json({"finance": {"result": None, "error": {"code": "Unauthorized", "description": "Invalid Crumb"}}}, 401)


def body_without(*path: str | int) -> Reply:
    """A chart that lacks one of its parts."""
    body = WELL.body()
    part: object = body
    for step in path[:-1]:
        part = part[step]  # type: ignore[index]
    del part[path[-1]]  # type: ignore[attr-defined]
    return as_json(body)


RESULT = ("chart", "result", 0)
EMPTY = as_json({"chart": {"result": [{"meta": WELL.body()["chart"]["result"][0]["meta"], "indicators": {"quote": [{}]}}], "error": None}})
FAULTS = [
    pytest.param(Reply(b"Too Many Requests\r\n", 429), EXHAUSTED, "no further calls", id="429"),
    pytest.param(Reply(b"Edge: Too Many Requests", 200, HTML), EXHAUSTED, "no further calls", id="too many, with 200"),
    pytest.param(Reply(b"", 999), EXHAUSTED, "no further calls", id="999"),
    pytest.param(NOT_FOUND, UNKNOWN, "has no ticker AAPL.", id="no such ticker"),
    pytest.param(refusal("Not Found", "No data found", 200), UNKNOWN, "has no ticker AAPL.", id="no such ticker, with 200"),
    pytest.param(NO_DATA, UNKNOWN, "has no prices of AAPL.", id="no data of any day"),
    pytest.param(EMPTY, UNKNOWN, "has no prices of AAPL.", id="an empty frame"),
    pytest.param(WELL.but(bars=[]), UNKNOWN, "has no prices of AAPL.", id="columns without a row"),
    pytest.param(refusal("Bad Request", "Invalid input - interval=1d", 422), BAD, "Invalid input", id="our request is wrong"),
    pytest.param(DOWN, UNREACHABLE, "a fault of its own", id="will be right back"),
    pytest.param(Reply(b"<!doctype html><p>proof of work", headers=HTML), BAD, "no JSON: '<!doctype html>", id="HTML with 200"),
    pytest.param(Reply(b"<html>gone", 404, HTML), BAD, "no JSON", id="HTML with 404"),
    pytest.param(Reply(b""), BAD, "no JSON", id="nothing with 200"),
    pytest.param(Reply(b"[" * 100_000), BAD, "no JSON", id="brackets without end"),
    pytest.param(Reply(b'{"chart": "\xff"}'), BAD, "no JSON", id="no text"),
    pytest.param(as_json([1, 2]), BAD, "no data", id="a list"),
    pytest.param(as_json({"chart": {"result": [], "error": None}}), BAD, "no data", id="no result"),
    pytest.param(as_json({"chart": None}), BAD, "no data", id="no chart"),
    pytest.param(as_json({}, 418), BAD, "status 418", id="a status that nobody documents"),
    pytest.param(Reply(b"oops", 500), UNREACHABLE, "status 500", id="500"),
    pytest.param(TURNED_AWAY, UNREACHABLE, "turns the service away (status 401)", id="another cookie does not help"),
    pytest.param(body_without(*RESULT, "meta", "exchangeTimezoneName"), BAD, "no data", id="no time zone"),
    pytest.param(body_without(*RESULT, "timestamp"), BAD, "cannot read (KeyError)", id="no days"),
    pytest.param(body_without(*RESULT, "meta", "currency"), BAD, "cannot read (KeyError)", id="no currency"),
    pytest.param(WELL.but(meta={"exchangeTimezoneName": "Mars/Olympus"}), BAD, "cannot read", id="no time zone of this earth"),
    pytest.param(WELL.but(symbol="META"), BAD, "another ticker than AAPL: 'META'", id="a ticker that was renamed"),
]


def for_any(reply: Charted | Reply) -> Reply:
    return as_json(reply.body()) if isinstance(reply, Charted) else reply


@pytest.mark.parametrize("when", ["at once", "after the time zone"])
@pytest.mark.parametrize(("reply", "fault", "words"), FAULTS)
def test_what_is_no_data_is_told_by_its_kind(ask_yahoo: Ask, reply: Charted | Reply, fault: ProviderFault, words: str, when: str) -> None:
    def answer(asked: Asked) -> Reply:
        return for_any(WELL) if when == "after the time zone" and is_of_time_zone(asked) else for_any(reply)

    with pytest.raises(ProviderError) as caught:
        ask_yahoo(answer).provider.fetch("AAPL", None)
    assert (caught.value.fault, caught.value.window) == (fault, Window.HOUR if fault is EXHAUSTED else None)
    assert words in str(caught.value)
    assert str(caught.value).startswith("Yahoo ")
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("reply", [NO_DATA, EMPTY, WELL.but(bars=[])], ids=["400", "no quotes", "no rows"])
def test_nothing_newer_is_no_fault(ask_yahoo: Ask, reply: Charted | Reply) -> None:
    asking = ask_yahoo(lambda asked: for_any(WELL if is_of_time_zone(asked) else reply))
    fetched = asking.provider.fetch("AAPL", date(2005, 4, 1))
    assert (len(fetched.packed), fetched.currency, fetched.time_zone) == (0, "USD", "America/New_York")


@pytest.mark.parametrize(("header", "seconds"), [(None, None), ("17", 17.0), ("soon", None)])
def test_retry_after_is_told_on(ask_yahoo: Ask, header: str | None, seconds: float | None) -> None:
    asking = ask_yahoo(Reply(b"Too Many Requests", 429, {} if header is None else {"Retry-After": header}))
    with pytest.raises(ProviderError) as caught:
        asking.provider.fetch("AAPL", None)
    assert caught.value.retry_after == seconds
    assert len([asked for asked in asking.server.asked if asked.path.startswith(CHART)]) == 1


def test_a_bad_answer_is_not_kept(ask_yahoo: Ask) -> None:
    """The library keeps answers on the time zone; one that is none must not decide on the next fetch."""
    replies: Iterator[Reply | None] = chain([DOWN, TURNED_AWAY, TURNED_AWAY, Reply(b"", 404)], repeat(None))
    asking = ask_yahoo(lambda asked: next(replies) or for_any(WELL))
    for _ in range(3):
        with pytest.raises(ProviderError):
            asking.provider.fetch("AAPL", None)
    assert len(asking.provider.fetch("AAPL", None).packed) == len(SINCE_SPLIT)
    assert asking.meter.calls >= len(asking.server.asked)


def test_another_cookie_is_got_when_the_first_is_refused(ask_yahoo: Ask) -> None:
    replies: Iterator[Reply | None] = chain([None, TURNED_AWAY], repeat(None))
    asking = ask_yahoo(lambda asked: next(replies) or for_any(WELL))
    assert len(asking.provider.fetch("AAPL", None).packed) == len(SINCE_SPLIT)
    assert asking.meter.calls == len(asking.server.asked)
    assert {"/consent", "/", CRUMB} <= {asked.path for asked in asking.server.asked[1:]}


def once_turned_away(crumb: Reply) -> Answering:
    """A server that wants another crumb, and answers as given when it is asked for one."""
    replies: Iterator[Reply | None] = chain([TURNED_AWAY], repeat(None))

    def answer(asked: Asked) -> Reply:
        if asked.path.startswith(CHART):
            return next(replies) or for_any(WELL)
        return crumb if asked.path == CRUMB else Reply(b"", 404)

    return answer


@pytest.mark.parametrize("crumb", [Reply(b"Too Many Requests\r\n"), Reply(b"no", 429), Reply(b"", 999)], ids=["with 200", "429", "999"])
def test_too_many_requests_for_a_crumb_end_the_fetch(ask_yahoo: Ask, crumb: Reply) -> None:
    asking = ask_yahoo(WELL)
    asking.server.answer = once_turned_away(crumb)
    with pytest.raises(ProviderError) as caught:
        asking.provider.fetch("AAPL", None)
    assert (caught.value.fault, caught.value.window) == (EXHAUSTED, Window.HOUR)
    assert [asked.path for asked in asking.server.asked].count(CRUMB) == 1


@pytest.mark.parametrize("crumb", [Reply(b"oops", 500), Reply(b"aCrumb", cut=True), Reply(b"<html>")], ids=["500", "cut off", "HTML"])
def test_without_a_crumb_it_goes_on(ask_yahoo: Ask, crumb: Reply) -> None:
    """Charts need none; words that are no crumb are not sent as one."""
    asking = ask_yahoo(WELL)
    asking.server.answer = once_turned_away(crumb)
    assert len(asking.provider.fetch("AAPL", None).packed) == len(SINCE_SPLIT)
    assert CRUMB in [asked.path for asked in asking.server.asked]
    assert "crumb" not in asking.server.asked[-1].query


@pytest.mark.parametrize("trouble", [Reply(b"later", 503), Reply(b"x" * 100, cut=True)], ids=["a 503", "an answer that is cut off"])
def test_another_attempt_mends_a_short_trouble_and_is_metered(ask_yahoo: Ask, trouble: Reply) -> None:
    replies: Iterator[Reply | None] = chain([trouble], repeat(None))
    asking = ask_yahoo(lambda asked: next(replies) or for_any(WELL))
    assert len(asking.provider.fetch("AAPL", None).packed) == len(SINCE_SPLIT)
    assert asking.meter.calls == len(asking.server.asked)


def test_a_wait_that_is_asked_for_is_told_on(ask_yahoo: Ask) -> None:
    asking = ask_yahoo(Reply(b"later", 503, {"Retry-After": "60"}))
    with pytest.raises(ProviderError) as caught:
        asking.provider.fetch("AAPL", None)
    assert (caught.value.fault, caught.value.retry_after) == (UNREACHABLE, 60.0)
    assert len([asked for asked in asking.server.asked if asked.path.startswith(CHART)]) == 1


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (Reply(silent=True), "not complete in time"),
        (Reply(b"x" * 4_000, drips=True), "not complete in time"),
        (Reply(drips_headers=True), "not complete in time"),
        (Reply(b"x" * 4_000, cut=True), "cut off"),
    ],
    ids=["silent", "dripping", "headers that drip", "cut off"],
)
def test_a_server_that_does_not_end_its_answer_is_given_up(ask_yahoo: Ask, trouble: Reply, words: str) -> None:
    asking = ask_yahoo(trouble, replace(SOON_TIRED, connect=0.2, attempts=2))
    with pytest.raises(ProviderError, match=words) as caught:
        asking.provider.fetch("AAPL", None)
    assert caught.value.fault is UNREACHABLE
    assert len([asked for asked in asking.server.asked if asked.path.startswith(CHART)]) == 2


def test_an_answer_without_end_is_given_up(ask_yahoo: Ask) -> None:
    with pytest.raises(ProviderError, match="more than 20 MB") as caught:
        ask_yahoo(Reply(b'{"chart": "' + b" " * 21_000_000 + b'"}')).provider.fetch("AAPL", None)
    assert caught.value.fault is BAD


@pytest.mark.parametrize("times", [1, 2])
def test_an_answer_is_unpacked_no_further_than_it_may_be_large(ask_yahoo: Ask, times: int) -> None:
    """200 MB, packed to a thousandth, and that once more."""
    body = b'{"chart": "' + b" " * 200_000_000 + b'"}'
    for _ in range(times):
        body = gzip.compress(body, 9)
    with pytest.raises(ProviderError) as caught:
        ask_yahoo(Reply(body, headers={"Content-Encoding": ", ".join(["gzip"] * times)})).provider.fetch("AAPL", None)
    assert caught.value.fault in (BAD, UNREACHABLE)


def test_no_server_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        provider = Yahoo(f"http://127.0.0.1:{taken.getsockname()[1]}", Means(Counter(), lambda: MOMENT, UNHURRIED))
        with pytest.raises(ProviderError, match="did not answer: no connection") as caught:
            provider.fetch("NONE", None)
    assert caught.value.fault is UNREACHABLE


def test_a_certificate_of_nobody_is_refused(tmp_path: Path) -> None:
    with price_server(for_none, certificate(tmp_path)[1]) as server:
        provider = Yahoo(server.address, Means(Counter(), lambda: MOMENT, UNHURRIED))
        with pytest.raises(ProviderError, match="certificate cannot be verified") as caught:
            provider.fetch("NONE", None)
    assert (caught.value.fault, server.asked) == (UNREACHABLE, [])


def for_none(asked: Asked) -> Reply:
    return Reply(b"", 404)


def test_search_tells_its_faults(ask_yahoo: Ask) -> None:
    for reply, fault in (
        (DOWN, UNREACHABLE),
        (Reply(b"Too Many Requests", 429), EXHAUSTED),
        (as_json([]), BAD),
        (as_json({"quotes": 1}), BAD),
    ):
        with pytest.raises(ProviderError) as caught:
            ask_yahoo(reply).provider.search("apple")
        assert caught.value.fault is fault
    assert ask_yahoo(as_json({"quotes": []})).provider.search("nobody") == []


def test_the_number_of_a_security_is_no_ticker(ask_yahoo: Ask) -> None:
    """The library would look it up, and answer for what it found."""
    asking = ask_yahoo(WELL)
    with pytest.raises(ProviderError, match="number of a security") as caught:
        asking.provider.fetch("US0378331005", None)
    assert (caught.value.fault, asking.server.asked, asking.meter.calls) == (UNKNOWN, [], 0)
