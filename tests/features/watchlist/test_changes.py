"""What the overview says has changed: verdicts, failed analyses, old prices, and verdicts that are older than their prices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from kit.jobs import another_organization, finished
from kit.reports import price_file
from kit.support import Client

import database
from utils.clock import now, today

CSV = {"Accept": "text/csv"}


def overview(client: Client, query: str = "", **more: Any) -> dict[str, Any]:
    return {item["ticker"]: item for item in client.get(f"/overview{query}", **more).json["items"]}


def follow(client: Client, *tickers: str) -> None:
    assert client.post("/watchlist/items", {"tickers": list(tickers)}).status_code == 200


def analyse_until(client: Client, ticker: str, last: str) -> Any:
    """Analyse a ticker whose prices end on a day; the shared prices stay as they are."""
    whole = client.get("/prices/MSFT", headers=CSV).data.decode().splitlines()
    client.put(f"/prices/{ticker}", "\n".join([whole[0], *(line for line in whole[1:] if line[:10] <= last)]))
    return client.post("/analyze", {"ticker": ticker}).json


def days_by_verdict(client: Client) -> Iterator[tuple[str, str]]:
    """Days of the sample and the verdict on each."""
    day = date(2013, 3, 1)
    while True:
        answer = client.post("/analyze", {"ticker": "MSFT", "as_of": str(day)}).json
        yield str(day), answer["verdict"]
        day -= timedelta(days=3)


def three_days(client: Client) -> tuple[str, str, str, str, str]:
    """An early day with one verdict, two later days that share another, and both verdicts."""
    days: dict[str, list[str]] = {}
    for day, verdict in days_by_verdict(client):
        days.setdefault(verdict, []).append(day)
        for later, found in days.items():
            for former, others in days.items():
                if former != later and len(found) >= 2 and others[-1] < found[1]:
                    return others[-1], found[1], found[0], former, later
    raise AssertionError


def test_a_change_is_told_until_the_next(client: Client) -> None:
    early, middle, late, former, present = three_days(client)
    follow(client, "MINE")
    analyse_until(client, "MINE", early)
    assert overview(client)["MINE"]["change"] is None
    changed = analyse_until(client, "MINE", middle)
    expected = {"former": former, "at": changed["created_at"], "as_of": changed["as_of"]}
    assert overview(client)["MINE"]["change"] == expected
    same = analyse_until(client, "MINE", late)
    item = overview(client)["MINE"]
    assert (item["latest"]["id"], item["previous"]["verdict"], item["change"]) == (same["id"], present, expected)
    back = analyse_until(client, "MINE", early)
    item = overview(client)["MINE"]
    assert (item["latest"]["id"], item["change"]["former"], item["change"]["as_of"]) == (back["id"], present, back["as_of"])
    assert overview(client, "?strategy=trend")["MINE"]["change"] is None


def test_a_job_tells_changes_as_well(client: Client) -> None:
    early, middle, _, former, present = three_days(client)
    follow(client, "MINE")
    whole = client.get("/prices/MSFT", headers=CSV).data.decode().splitlines()
    for last in (early, middle):
        client.put("/prices/MINE", "\n".join([whole[0], *(line for line in whole[1:] if line[:10] <= last)]))
        finished(client, "MINE")
    item = overview(client)["MINE"]
    assert (item["latest"]["verdict"], item["change"]["former"], item["failure"]) == (present, former, None)


def test_only_what_changed_lately(client: Client) -> None:
    early, middle, _, _, _ = three_days(client)
    follow(client, "MINE", "OTHER", "NONE")
    for ticker in ("MINE", "OTHER"):
        analyse_until(client, ticker, early)
        analyse_until(client, ticker, middle)
    values = {"since": now() - timedelta(days=9)}
    database.execute_db("UPDATE latest_results SET verdict_since = :since WHERE ticker = 'OTHER'", values)
    for sort in ("ticker", "position"):
        assert list(overview(client, f"?changed_since={today()}&sort={sort}")) == ["MINE"]
        assert list(overview(client, f"?changed_since={today() - timedelta(days=10)}&sort={sort}")) == ["MINE", "OTHER"]
    assert overview(client, f"?changed_since={today()}&strategy=trend") == {}
    cursor = client.get("/overview?changed_since=2026-01-01&limit=1").json["next_cursor"]
    assert client.get(f"/overview?changed_since=2026-01-02&limit=1&cursor={cursor}").status_code == 422
    assert client.get("/overview?changed_since=yesterday").status_code == 422


def test_a_verdict_that_an_older_version_wrote_is_no_change(client: Client) -> None:
    follow(client, "AAPL")
    verdict = client.post("/analyze", {"ticker": "AAPL"}).json["verdict"]
    database.execute_db("UPDATE latest_results SET former_verdict = :verdict", {"verdict": verdict})
    assert overview(client)["AAPL"]["change"] is None


def test_old_prices_and_outdated_verdicts(client: Client) -> None:
    follow(client, "AAPL", "FRESH", "NONE")
    days = [today() - timedelta(days=number) for number in range(400, -1, -1)]
    lines = [f"{day},10,11,9,{10 + day.day % 2},5" for day in days]
    header = "Date,Open,High,Low,Close,Volume"
    client.put("/prices/FRESH", "\n".join([header, *lines[:-12]]))
    client.post("/analyze", {"ticker": "FRESH"})
    marks = {ticker: (item["is_old"], item["is_outdated"]) for ticker, item in overview(client).items()}
    assert marks == {"AAPL": (True, False), "FRESH": (True, False), "NONE": (False, False)}
    client.put("/prices/FRESH", "\n".join([header, *lines[:-7]]))
    item = overview(client)["FRESH"]
    assert (item["is_old"], item["is_outdated"], item["last_day"]) == (False, True, str(days[-8]))
    client.post("/analyze", {"ticker": "FRESH"})
    assert overview(client)["FRESH"]["is_outdated"] is False


# ---- failures ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["one by one", "by a job"])
def analyse(request: pytest.FixtureRequest, client: Client) -> Any:
    """Analyse tickers by requests or by a job; both ways say the same."""

    def by_requests(*tickers: str, **more: Any) -> None:
        for ticker in tickers:
            client.post("/analyze", {"ticker": ticker, **more})

    def by_job(*tickers: str, **more: Any) -> None:
        finished(client, *tickers, **more)

    return by_requests if request.param == "one by one" else by_job


def failures(client: Client, query: str = "") -> dict[str, str]:
    return {ticker: item["failure"]["code"] for ticker, item in overview(client, query).items() if item["failure"]}


def test_the_last_analysis_failed(client: Client, analyse: Any) -> None:
    follow(client, "AAPL", "SHORT", "NOSUCH")
    client.put("/prices/SHORT", price_file(30))
    before = now()
    analyse("AAPL", "SHORT", "NOSUCH", "STRANGER")
    assert failures(client) == {"SHORT": "insufficient_history", "NOSUCH": "ticker_not_found"}
    failure = overview(client)["SHORT"]["failure"]
    assert failure["message"] == "SHORT has 30 bars; an analysis needs at least 50."
    assert failure["failed_at"] >= before.isoformat()[:19]
    assert failures(client, "?strategy=trend") == {}
    rows = database.query_db("SELECT ticker FROM latest_failures ORDER BY ticker")
    assert [row["ticker"] for row in rows] == ["NOSUCH", "SHORT"]  # what nobody follows is not kept


def test_a_failure_ends_with_a_result_or_other_prices(client: Client, analyse: Any) -> None:
    follow(client, "MINE")
    client.put("/prices/MINE", price_file(60))
    analyse("MINE")
    verdict = overview(client)["MINE"]["latest"]
    client.put("/prices/MINE", price_file(30))
    analyse("MINE")
    item = overview(client)["MINE"]
    assert (item["failure"]["code"], item["latest"]) == ("insufficient_history", verdict)  # the verdict of before stays
    client.put("/prices/MINE", price_file(60))
    assert failures(client) == {}  # with the former prices again, the verdict is theirs
    analyse("MINE")
    assert failures(client) == {}
    client.put("/prices/MINE", price_file(31))
    analyse("MINE")
    assert failures(client) == {"MINE": "insufficient_history"}
    client.put("/prices/MINE", price_file(70))
    analyse("MINE")
    assert (failures(client), overview(client)["MINE"]["latest"]["id"] != verdict["id"]) == ({}, True)


def test_a_result_of_the_same_series_ends_a_failure(client: Client, analyse: Any) -> None:
    """Prices that were damaged in the table are put right there: their digest is as before."""
    follow(client, "MINE")
    client.put("/prices/MINE", price_file(60))
    database.execute_db("UPDATE price_series SET bars = 61 WHERE ticker = 'MINE'")
    analyse("MINE")
    assert failures(client) == {"MINE": "price_quality"}
    database.execute_db("UPDATE price_series SET bars = 60 WHERE ticker = 'MINE'")
    analyse("MINE")
    assert failures(client) == {}


def test_only_the_strategys_own_analysis_counts(client: Client, analyse: Any) -> None:
    follow(client, "FB")
    analyse("FB")
    analyse("FB", as_of="2012-05-21")  # fewer than 50 bars until then
    analyse("FB", strategy="trend", as_of="2012-05-21")
    assert (failures(client), failures(client, "?strategy=trend")) == ({}, {})


def test_prices_that_come_later(client: Client, analyse: Any) -> None:
    follow(client, "LATER")
    analyse("LATER")
    assert failures(client) == {"LATER": "ticker_not_found"}
    client.put("/prices/LATER", price_file(60))
    assert failures(client) == {}


def test_failures_go_with_the_item(client: Client, analyse: Any) -> None:
    follow(client, "NOSUCH", "GONE")
    analyse("NOSUCH", "GONE")
    client.delete("/watchlist/GONE")
    assert [row["ticker"] for row in database.query_db("SELECT ticker FROM latest_failures")] == ["NOSUCH"]
    follow(client, "GONE")
    assert failures(client) == {"NOSUCH": "ticker_not_found"}


def test_organizations_do_not_see_each_others_failures(client: Client) -> None:
    other = another_organization()
    follow(client, "NOSUCH")
    client.post("/watchlist", {"ticker": "NOSUCH"}, key=other)
    client.post("/analyze", {"ticker": "NOSUCH"}, key=other)
    assert failures(client) == {}
    assert overview(client, key=other)["NOSUCH"]["failure"]["code"] == "ticker_not_found"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_failure_that_cannot_be_noted_is_still_told(client: Client) -> None:
    follow(client, "NOSUCH")
    database.execute_db("ALTER TABLE latest_failures RENAME TO elsewhere")
    assert client.post("/analyze", {"ticker": "NOSUCH"}).json["code"] == "ticker_not_found"
    assert finished(client, "NOSUCH", "AAPL")["failed"] == 1
