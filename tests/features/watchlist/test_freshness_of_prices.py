"""Freshness in answers: the overview, the latest results, tickers and the quality of prices say the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kit.freshness import expectation_of, file_behind
from kit.support import Client

import database
from features.operations.checks.calendars import calendars_probe
from infrastructure.check_runner import CheckRunner
from models.health import Check, Probe, good
from utils.clock import now

UNKNOWN = {"state": "unknown", "trading_days_behind": None, "exchange": None, "newest_expected": None}


def store(client: Client, ticker: str, behind: int) -> None:
    """Store prices that end so many trading days before the newest final day of the ticker's exchange."""
    assert client.put(f"/prices/{ticker}", file_behind(ticker, behind)).status_code == 200


def told(client: Client, ticker: str) -> list[dict[str, Any]]:
    """What each answer says of a followed and analysed ticker."""
    quality = client.get(f"/prices/{ticker}/quality").json
    lists = [client.get(path).json["items"] for path in ("/overview", "/results", "/tickers")]
    return [quality["freshness"], *(item["freshness"] for items in lists for item in items if item["ticker"] == ticker)]


@pytest.mark.parametrize(("ticker", "mic"), [("RR.L", "XLON"), ("7203.T", "XTKS"), ("RY.TO", "XTSE"), ("NOBODYS", None)])
@pytest.mark.parametrize(("behind", "state"), [(0, "fresh"), (1, "late"), (5, "late"), (6, "stale")])
def test_all_answers_say_the_same(client: Client, ticker: str, mic: str | None, behind: int, state: str) -> None:
    store(client, ticker, behind)
    client.post("/watchlist/items", {"tickers": [ticker]})
    result = client.post("/analyze", {"ticker": ticker}).json
    freshness = {
        "state": state,
        "trading_days_behind": behind,
        "exchange": mic,
        "newest_expected": expectation_of(ticker).newest.isoformat(),
    }
    assert told(client, ticker) == [freshness] * 4
    warned = {warning["code"]: warning["message"] for warning in result["warnings"]}
    assert ("stale" in warned) == (state == "stale") == (client.get("/overview").json["items"][0]["is_old"])
    assert {warning["code"] for warning in client.get(f"/prices/{ticker}/quality").json["warnings"]} == set(warned)
    if state == "stale" and mic:
        assert f"more than 5 trading days of the {expectation_of(ticker).calendar.name} have passed since" in warned["stale"]


def test_a_followed_ticker_without_prices_is_of_unknown_freshness(client: Client) -> None:
    client.post("/watchlist/items", {"tickers": ["RR.L"]})
    (item,) = client.get("/overview").json["items"]
    assert (item["freshness"], item["is_old"]) == (UNKNOWN, False)


FETCHED = """
    INSERT INTO series_fetches (org_id, ticker, provider, fetched_at, exchange, is_whole, added, changed)
    VALUES (0, :ticker, 'tiingo', :now, :exchange, TRUE, 0, 0)
"""


def fetched(ticker: str, exchange: str) -> None:
    database.execute_db(FETCHED, {"ticker": ticker, "exchange": exchange, "now": now()})


def test_the_source_of_shared_prices_names_the_exchange(client: Client) -> None:
    client.post("/watchlist/items", {"tickers": ["AAPL"]})
    before = client.post("/analyze", {"ticker": "AAPL"}).json
    fetched("AAPL", "XNGS")
    after = client.post("/analyze", {"ticker": "AAPL"}).json
    sentences = [next(one["message"] for one in result["warnings"] if one["code"] == "stale") for result in (before, after)]
    passed = [
        f"The newest bar is of 1 March 2013; more than 5 {days} have passed since." for days in ("weekdays", "trading days of Nasdaq")
    ]
    assert sentences == passed
    assert before["score"] == after["score"]
    assert {freshness["exchange"] for freshness in told(client, "AAPL")} == {"XNAS"}
    assert len({str(freshness) for freshness in told(client, "AAPL")}) == 1


def test_one_result_serves_as_long_as_its_prices_are_stale_or_not(client: Client) -> None:
    store(client, "RR.L", 6)
    stale = client.post("/analyze", {"ticker": "RR.L"}).json
    assert client.post("/analyze", {"ticker": "RR.L"}).json["id"] == stale["id"]
    later = client.post("/analyze", {"ticker": "RR.L", "as_of": stale["as_of"]}).json
    assert later["id"] != stale["id"]
    assert "stale" not in [warning["code"] for warning in later["warnings"]]


# ---- the ends of the calendars ----------------------------------------------------------------------------------------------------

LATE_IN_2026 = datetime(2026, 11, 29, 12, tzinfo=UTC)


def check(moment: datetime) -> Check:
    probes = (Probe("schema", lambda: good("Current."), ""), calendars_probe(database.current(), lambda: moment))
    return {check.name: check for check in CheckRunner(probes, 60.0).report().checks}["calendars"]


def test_a_calendar_of_no_ticker_may_end(client: Client) -> None:
    store(client, "RR.L", 0)
    found = check(LATE_IN_2026)
    assert (found.state, found.remedy) == ("ok", None)
    assert "BSE (Bombay) (XBOM) until 31 December 2026" in found.found
    assert check(LATE_IN_2026 - timedelta(days=400)).found == "The trading days of all exchanges are known for a year or more."


@pytest.mark.parametrize("is_followed", [True, False])
def test_the_end_of_a_calendar_in_use_is_told_a_year_before(client: Client, is_followed: bool) -> None:
    if is_followed:
        client.post("/watchlist/items", {"tickers": ["INFY.NS"]})
    else:
        store(client, "INFY.NS", 0)
    found = check(LATE_IN_2026)
    assert (found.state, found.is_critical) == ("warning", False)
    assert found.found == (
        "Trading days are known for less than a year: National Stock Exchange of India (XNSE) until 31 December 2026. After that, weekdays "
        "are counted. Also BSE (Bombay) (XBOM) until 31 December 2026, of which there are no tickers."
    )
    assert "`make calendars`" in (found.remedy or "")
    assert check(LATE_IN_2026 - timedelta(days=400)).state == "ok"


def test_a_calendar_is_in_use_where_a_provider_names_its_exchange(client: Client) -> None:
    assert check(LATE_IN_2026).state == "ok"
    fetched("AAPL", "XBOM")
    assert check(LATE_IN_2026).found.startswith("Trading days are known for less than a year: BSE (Bombay) (XBOM)")


def test_the_suffix_stands_at_the_end_of_a_ticker(client: Client) -> None:
    client.post("/watchlist/items", {"tickers": ["BO", "NS.L", "XBO", "TO_NS"]})
    assert check(LATE_IN_2026).state == "ok"
