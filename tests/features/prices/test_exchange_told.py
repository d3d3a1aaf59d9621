"""The exchange of a ticker: what its provider tells, else what is known of it, else its suffix; for all that goes by trading days."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from kit.companies import Company
from kit.freshness import file_behind
from kit.jobs import another_organization
from kit.market import Market, trading
from kit.price_server import Asked, Reply, as_json
from kit.providers import twelve_body
from kit.support import Client

import database
from features.operations.checks.calendars import calendars_probe
from infrastructure.check_runner import CheckRunner
from infrastructure.exchanges import exchanges
from models.health import Probe, good
from models.series_fetch import RefreshOutcome


def put_exchange(client: Client, ticker: str, exchange: str) -> None:
    answer = client("PUT", "/universes/mine", json={"items": [{"ticker": ticker, "exchange": exchange}]})
    assert answer.status_code in (200, 201), answer.json


def told(client: Client, ticker: str) -> set[str | None]:
    """The exchange by which each answer counts trading days."""
    answers: list[Any] = [
        client.get(f"/tickers?q={ticker}").json["items"][0],
        client.get(f"/prices/{ticker}/quality").json,
        client.get("/overview").json["items"][0],
        client.get("/results").json["items"][0],
    ]
    return {answer["freshness"]["exchange"] for answer in answers}


def test_what_is_known_of_a_ticker_tells_its_exchange_everywhere(client: Client) -> None:
    client.put("/prices/SHEL", file_behind("SHEL.L", 6))
    client.post("/watchlist", {"ticker": "SHEL"})
    client.post("/analyze", {"ticker": "SHEL"})
    assert told(client, "SHEL") == {None}
    put_exchange(client, "SHEL", "London Stock Exchange")
    assert told(client, "SHEL") == {"XLON"}
    result = client.post("/analyze", {"ticker": "SHEL"}).json
    sentence = next(warning["message"] for warning in result["warnings"] if warning["code"] == "stale")
    assert f"trading days of the {exchanges()['XLON'].name} have passed" in sentence
    # The report on an upload says the same, of stored prices and of none.
    put_exchange(client, "NEWCO", "LSE")
    for ticker in ("SHEL", "NEWCO"):
        report = client.put(f"/prices/{ticker}", file_behind("SHEL.L", 7)).json
        assert sentence.split(";")[1] in next(warning["message"] for warning in report["warnings"] if warning["code"] == "stale")


def test_the_code_of_a_known_exchange_is_kept(client: Client) -> None:
    for exchange, kept in (("New York Stock Exchange", "XNYS"), ("NasdaqGS", "XNGS"), ("the moon", "the moon")):
        put_exchange(client, "AAPL", exchange)
        assert client.get("/universes/mine").json["items"][0]["exchange"] == kept


def test_the_suffix_counts_where_what_is_told_is_not_known(client: Client) -> None:
    client.put("/prices/SHEL.L", file_behind("SHEL.L", 1))
    client.post("/watchlist", {"ticker": "SHEL.L"})
    client.post("/analyze", {"ticker": "SHEL.L"})
    put_exchange(client, "SHEL.L", "the moon")
    assert told(client, "SHEL.L") == {"XLON"}


def test_the_provider_counts_before_all_else(client: Client) -> None:
    with trading(Market({"ACME": Company(1)}), "tiingo") as own:
        own.refresher.refresh("ACME")
    put_exchange(client, "ACME", "LSE")
    client.post("/watchlist", {"ticker": "ACME"})
    client.post("/analyze", {"ticker": "ACME"})
    assert told(client, "ACME") == {"XNYS"}


def test_what_another_organization_knows_is_not_told(client: Client) -> None:
    key = another_organization()
    client("PUT", "/universes/theirs", key=key, json={"items": [{"ticker": "AAPL", "exchange": "XLON"}]})
    assert client("GET", "/prices/AAPL/quality", key=key).json["freshness"]["exchange"] == "XLON"
    assert client.get("/prices/AAPL/quality").json["freshness"]["exchange"] is None


def test_the_check_of_calendars_knows_exchanges_by_every_name(client: Client) -> None:
    moment = datetime.combine(exchanges()["XBOM"].last, datetime.min.time()).astimezone() - timedelta(days=30)

    def found() -> str:
        probes = (Probe("schema", lambda: good("Current."), ""), calendars_probe(database.current(), lambda: moment))
        return {check.name: check for check in CheckRunner(probes, 60.0).report().checks}["calendars"].state

    put_exchange(client, "INFY", "Bombay Stock Exchange")
    assert found() == "ok"  # without prices
    client.put("/prices/INFY", file_behind("INFY.BO", 0))
    assert found() == "warning"


# ---- refreshes ----------------------------------------------------------------------------------------------------------------------


def in_london(market: Market) -> Any:
    """Twelve Data's answers for a London company without a suffix."""

    def answer(asked: Asked) -> Reply:
        values = market.twelvedata(asked)
        body: dict[str, Any] = twelve_body([], asked.query["symbol"])
        rows = json.loads(values.body)["values"]
        return as_json({**body, "values": rows, "meta": {**body["meta"], "mic_code": "XLON", "exchange_timezone": "Europe/London"}})

    return answer


@pytest.mark.parametrize(("hours", "provisional"), [(20, False), (18, True)])
def test_a_bar_is_final_when_the_exchange_that_is_told_has_settled(client: Client, hours: int, provisional: bool) -> None:
    """Three hours after London's close, New York still trades."""
    market = Market({"ACME": Company(1)})
    with trading(market, "twelvedata", answers={"twelvedata": in_london(market)}) as own:
        own.clock.offset = datetime.combine(market.day, datetime.min.time(), market.moment.tzinfo) + timedelta(hours=hours) - market.moment
        assert own.refresher.refresh("ACME").provisional is provisional
        asked = len(own.servers["twelvedata"].asked)
        again = own.refresher.refresh("ACME")
        assert (again.outcome, len(own.servers["twelvedata"].asked)) == (RefreshOutcome.CURRENT, asked)


def test_newer_prices_are_expected_by_the_exchange_that_the_caller_knows(client: Client) -> None:
    """A file server tells no exchange: without one, New York, which closes last, would have no newer final day yet."""
    market = Market({"ACME": Company(1)})
    with trading(market, "csv_url") as own:
        own.clock.offset = timedelta(hours=-23)  # half an hour after midnight in UTC: New York has settled
        own.refresher.refresh("ACME")
        market.evening += 1
        evening = datetime.combine(market.day, datetime.min.time(), market.moment.tzinfo) + timedelta(hours=20)
        own.clock.offset = evening - market.moment
        assert own.refresher.refresh("ACME").outcome is RefreshOutcome.CURRENT
        assert own.refresher.refresh("ACME", told="LSE").outcome is RefreshOutcome.EXTENDED
