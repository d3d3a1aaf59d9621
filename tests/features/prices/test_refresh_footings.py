"""Between two fetches a company splits or pays, and providers restate at once, days later or never: what is stored is of one footing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from kit.companies import BARS, Company, Source, arrays
from kit.databases import Backend
from kit.market import Market, Trading, trading
from kit.price_server import Answering, Asked, Reply, as_json

import database
from features.prices.refresh import MustWait, RefreshFailed
from features.prices.store import fetch as fetch_store
from features.prices.store import series as series_store
from models.api_key import SHARED_ORG
from models.price_series import PackedBars
from models.series_fetch import RefreshOutcome

AT = BARS - 15  # a bar that comes after the market's evening
SPLIT, CONSOLIDATION = Company(3, splits=((AT, 2.0),)), Company(3, splits=((AT, 0.1),))
DIVIDEND, BOTH = Company(3, dividends=((AT, 0.02),)), Company(3, splits=((AT, 3.0),), dividends=((AT, 0.01),))
COMPANIES = pytest.mark.parametrize(
    "company",
    [
        pytest.param(SPLIT, id="split"),
        pytest.param(CONSOLIDATION, id="1:10"),
        pytest.param(DIVIDEND, id="dividend"),
        pytest.param(BOTH, id="both"),
    ],
)


def stored() -> PackedBars:
    with database.current().reader() as connection:
        loaded = series_store.load(connection, SHARED_ORG, "ACME")
    assert loaded is not None
    return loaded[1]


def files(market: Market, source: Source) -> Answering:
    """A server of files on a footing, which it does not tell."""

    def answer(asked: Asked) -> Reply:
        bars = market.companies["ACME"].export(0, market.evening + 1, source)
        adjusted = source.adjusted
        lines = [
            ",".join(
                [str(bar.day), *map(repr, (bar.open, bar.high, bar.low, bar.close)), *([repr(bar.adj_close)] if adjusted else []), "100"]
            )
            for bar in bars
        ]
        return Reply("\n".join([f"Date,Open,High,Low,Close,{'Adj Close,' if adjusted else ''}Volume", *lines]).encode())

    return answer


def unreported(market: Market) -> Answering:
    """Tiingo as it is when it restates before it reports."""

    def answer(asked: Asked) -> Reply:
        reply = market.tiingo(asked)
        if not asked.path.endswith("/prices") or reply.status != 200:
            return reply
        return as_json([{**row, "splitFactor": 1.0, "divCash": 0.0} for row in json.loads(reply.body)])

    return answer


def as_one(market: Market, source: Source, own: Trading) -> None:
    own.refresher.refresh("ACME")
    market.evening = AT + 1
    done = own.refresher.refresh("ACME")
    assert (done.outcome, done.added) == (RefreshOutcome.REPLACED, AT + 1 - (BARS - 20))
    assert done.reason
    whole = arrays(market.companies["ACME"].export(0, market.evening + 1, source), source.adjusted)
    got = arrays(stored(), source.adjusted)
    for name in ("open", "high", "low", "close"):
        assert got[name] == pytest.approx(whole[name], rel=1e-9), name


@COMPANIES
@pytest.mark.parametrize("name", ["tiingo", "twelvedata"])
def test_a_provider_that_tells_no_action_shows_it_by_its_adjusted_closes(backend: Backend, name: str, company: Company) -> None:
    market = Market({"ACME": company})
    answers = {"tiingo": unreported(market)} if name == "tiingo" else {}
    with trading(market, name, answers=answers) as own:
        as_one(market, Source("as_traded", "as_traded", adjusted=True), own)


@COMPANIES
@pytest.mark.parametrize("basis", ["as_traded", "split_adjusted"])
def test_files_with_adjusted_closes_show_it_on_any_footing(backend: Backend, basis: str, company: Company) -> None:
    market = Market({"ACME": company})
    source = Source(basis, basis, adjusted=True)
    with trading(market, "csv_url", answers={"csv_url": files(market, source)}) as own:
        as_one(market, source, own)


@pytest.mark.parametrize("company", [SPLIT, CONSOLIDATION], ids=["split", "1:10"])
def test_files_without_adjusted_closes_show_a_split_that_they_restate(backend: Backend, company: Company) -> None:
    market = Market({"ACME": company})
    source = Source("split_adjusted", "split_adjusted", adjusted=False)
    with trading(market, "csv_url", answers={"csv_url": files(market, source)}) as own:
        as_one(market, source, own)


def test_files_that_restate_days_later_are_replaced_then(backend: Backend) -> None:
    market = Market({"ACME": SPLIT})
    traded, restated = (Source(basis, basis, adjusted=False) for basis in ("as_traded", "split_adjusted"))
    with trading(market, "csv_url", answers={"csv_url": files(market, traded)}) as own:
        own.refresher.refresh("ACME")
        market.evening = AT + 1
        assert own.refresher.refresh("ACME").outcome is RefreshOutcome.EXTENDED, "nothing tells of the split yet"
        market.evening = AT + 3
        own.servers["csv_url"].answer = files(market, restated)
        done = own.refresher.refresh("ACME")
    assert done.outcome is RefreshOutcome.REPLACED
    assert "restated" in (done.reason or "")
    assert stored().column("close").tolist() == pytest.approx(SPLIT.export(0, AT + 4, restated).column("close").tolist())


def test_a_provider_that_restates_nothing_is_not_taken_for_one_that_does(backend: Backend) -> None:
    """Its series goes on as traded, and every evening costs one call."""
    market = Market({"ACME": SPLIT})
    traded = Source("as_traded", "as_traded", adjusted=False)
    with trading(market, "csv_url", answers={"csv_url": files(market, traded)}) as own:
        own.refresher.refresh("ACME")
        for _ in range(4):
            market.evening += 3
            done = own.refresher.refresh("ACME")
            assert (done.outcome, done.changed) == (RefreshOutcome.EXTENDED, 0)
        assert len(own.servers["csv_url"].asked) == 5
    assert stored().column("close").tolist() == pytest.approx(SPLIT.export(0, market.evening + 1, traded).column("close").tolist())


def test_todays_bar_is_unfinished_then_final_and_the_history_stays(backend: Backend) -> None:
    market = Market({"ACME": Company(4)})
    final = market.bars("ACME", date(1900, 1, 1))
    live = replace(final[-1], high=final[-1].open, low=final[-1].open, close=final[-1].open, adj_close=final[-1].open, volume=1.0)
    with trading(market, "csv_url") as own:
        whole = own.servers["csv_url"].answer

        def unfinished(asked: Asked) -> Reply:
            lines = whole(asked).body.decode().splitlines()
            newest = f"{live.day},{live.open},{live.high},{live.low},{live.close},{live.adj_close},{live.volume}"
            return Reply("\n".join([*lines[:-1], newest]).encode())

        own.servers["csv_url"].answer = unfinished
        own.clock.offset = timedelta(hours=-29, minutes=-30)  # while New York trades
        assert own.refresher.refresh("ACME").provisional
        assert stored().column("close")[-1] == live.close
        own.servers["csv_url"].answer = whole
        own.clock.offset = timedelta(0)
        done = own.refresher.refresh("ACME")
    assert (done.outcome, done.changed, done.provisional) == (RefreshOutcome.EXTENDED, 1, False)
    assert stored().column("close")[-1] == final[-1].close
    with database.current().reader() as connection:
        fetch = fetch_store.find(connection, "ACME")
    assert fetch is not None
    assert (fetch.replaced_at, fetch.provisional_day) == (None, None)


MINUTE = "You have run out of API credits for the current minute. 9 API credits were used, with the current limit being 8."
DAY = "You have run out of API credits for the day. 801 API credits were used, with the current limit being 800."


def spent(message: str, status: int, **headers: str) -> Reply:
    return as_json({"code": 429, "message": message, "status": "error"}, status, **headers)


@pytest.mark.parametrize(
    ("name", "reply", "least", "most"),
    [
        pytest.param("twelvedata", spent(MINUTE, 200), 1, 60, id="the minute, inside a 200"),
        pytest.param("twelvedata", spent(MINUTE, 429), 1, 60, id="the minute, 429"),
        pytest.param("twelvedata", spent(DAY, 200), 1_790, 1_800, id="the day, inside a 200: to midnight in UTC"),
        pytest.param("twelvedata", spent(DAY, 429, **{"Retry-After": "90"}), 90, 90, id="the day, and how long"),
        pytest.param(
            "tiingo", as_json({"detail": "You have run over your daily request allocation."}, 429), 19_790, 19_800, id="to New York's"
        ),
        pytest.param("tiingo", Reply(b"", 429, {"Retry-After": "17"}), 17, 17, id="17 seconds"),
        pytest.param("tiingo", Reply(b"", 429, {"Retry-After": "0"}), 5, 5, id="no pause at all"),
        pytest.param("csv_url", Reply(b"slow down", 429, {"Retry-After": "30"}), 30, 30, id="files"),
        pytest.param("csv_url", Reply(b"slow down", 429), 1, 60, id="files, without a word"),
    ],
)
def test_a_refusal_is_waited_out_without_a_call(backend: Backend, name: str, reply: Reply, least: float, most: float) -> None:
    """By the market's clock it is 23:30 UTC, and 18:30 in New York."""
    market = Market({"ACME": Company(7), "GLOBEX": Company(8)})
    with trading(market, name, answers={name: lambda asked: reply}) as own:
        with pytest.raises(MustWait) as waits:
            own.refresher.refresh("ACME")
        assert least <= waits.value.later.seconds <= most
        asked = len(own.servers[name].asked)
        own.servers[name].answer = market.answer(name)
        for ticker in market.companies:
            with pytest.raises(MustWait):
                own.refresher.refresh(ticker)
        assert len(own.servers[name].asked) == asked, "nobody asks a window that is closed"
        own.clock.offset = timedelta(seconds=waits.value.later.seconds + 1)
        assert own.refresher.refresh("ACME").outcome is RefreshOutcome.NEW


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("name", ["tiingo", "twelvedata"])
def test_a_key_that_is_refused_is_the_reason_and_the_next_provider_takes_over(backend: Backend, name: str, status: int) -> None:
    market = Market({"ACME": Company(7)})
    refusal = as_json({"detail": "Invalid token.", "code": status, "message": "wrong key", "status": "error"}, status)
    with trading(market, name, answers={name: lambda asked: refusal}) as own:
        with pytest.raises(RefreshFailed, match=rf"refused the key.*{name.upper()}_API_KEY") as failed:
            own.refresher.refresh("ACME")
        assert failed.value.code == "prices_unavailable"
    with trading(market, name, "csv_url", answers={name: lambda asked: refusal}) as own:
        assert own.refresher.refresh("ACME").provider == "csv_url"
