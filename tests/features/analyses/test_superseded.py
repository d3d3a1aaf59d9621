"""Results of a history that was replaced as one: marked, never compared with new ones, and run again by one call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from kit.companies import BARS, Company
from kit.jobs import finished, items_of, run_jobs
from kit.market import Market, Trading, trading
from kit.servers import wait_until
from kit.support import Client

import database
from features.prices.refresh import Refresher
from models.series_fetch import RefreshOutcome
from utils.clock import now

AT = BARS - 15  # a bar that comes after the market's evening
COMPANIES = {
    "split": Company(3, splits=((AT, 2.0),)),
    "dividend": Company(3, dividends=((AT, 0.02),)),
    "reverse-split": Company(7, splits=((AT, 0.1),)),
    "both": Company(11, splits=((AT, 3.0),), dividends=((AT + 1, 0.01),)),
}
CHANGES = Company(1, dividends=((AT, 0.02),))  # its verdict is another after the dividend


@pytest.fixture(params=COMPANIES)
def company(request: pytest.FixtureRequest) -> Company:
    return COMPANIES[request.param]


def refresh(own: Trading, ticker: str = "ACME", evening: int | None = None) -> RefreshOutcome:
    """Fetch with the clock of the analyses, by which the results of before a replacement are known."""
    own.market.evening = own.market.evening if evening is None else evening
    return Refresher(database.current(), own.configured, now).refresh(ticker, force=True).outcome


@pytest.fixture
def acme(client: Client, company: Company) -> Iterator[Trading]:
    """A company whose prices are fetched, before what is to come."""
    with trading(Market({"ACME": company}), "tiingo") as own:
        assert refresh(own) is RefreshOutcome.NEW
        yield own


def analyse(client: Client, ticker: str = "ACME", **more: Any) -> Any:
    answer = client.post("/analyze", {"ticker": ticker, **more})
    assert answer.status_code == 200, answer.json
    return answer.json


def latest(client: Client, ticker: str = "ACME") -> Any:
    (item,) = client.get(f"/results?q={ticker}&strategy=balanced").json["items"]
    return item


def overview(client: Client) -> Any:
    (item,) = client.get("/overview").json["items"]
    return item


def marks(client: Client, ticker: str = "ACME") -> list[tuple[str, bool]]:
    """The day of each result of the history, newest first, and whether it is superseded."""
    items = client.get(f"/history/{ticker}?strategy=balanced").json["items"]
    return [(item["as_of"], item["superseded"]) for item in items]


def test_an_action_between_two_fetches_changes_no_verdict_by_itself(client: Client, acme: Trading) -> None:
    client.post("/watchlist", {"ticker": "ACME"})
    before, day = analyse(client), acme.market.day.isoformat()
    assert refresh(acme, evening=AT + 1) is RefreshOutcome.REPLACED
    again = analyse(client, as_of=day)
    assert (again["as_of"], again["verdict"]) == (day, before["verdict"])
    assert again["score"] == pytest.approx(before["score"], abs=1e-9)
    item = overview(client)
    assert (item["latest"]["superseded"], item["change"], item["previous"]) == (True, None, None)
    assert client.post("/results/rerun", {}).status_code == 202
    run_jobs()
    item = overview(client)
    assert (item["latest"]["superseded"], item["latest"]["as_of"]) == (False, acme.market.day.isoformat())
    # What the verdict was is told by the new prices, and a change only where they tell one.
    assert (item["previous"]["as_of"], item["previous"]["verdict"]) == (day, before["verdict"])
    assert item["previous"]["score"] == pytest.approx(before["score"], abs=1e-9)
    assert (item["change"] is None) == (item["latest"]["verdict"] == before["verdict"])


def test_a_superseded_result_is_marked_wherever_it_is_told(client: Client, acme: Trading) -> None:
    made = analyse(client)
    address = f"/results/{made['id']}"
    fresh = client.get(address)
    assert (fresh.json["superseded"], latest(client)["superseded"], marks(client)) == (False, False, [(made["as_of"], False)])
    refresh(acme, evening=AT + 1)
    tags = {"If-None-Match": fresh.headers["ETag"]}
    # Within a second: the application remembers what was replaced, and another process replaced it.
    told = wait_until(lambda: (answer := client.get(address, headers=tags)).status_code == 200 and answer)
    assert (told.status_code, told.json) == (200, made | {"superseded": True})
    assert told.headers["ETag"] == f'"{made["fingerprint"]}-superseded"'
    assert client.get(address, headers={"If-None-Match": told.headers["ETag"]}).status_code == 304
    assert (latest(client)["superseded"], marks(client)) == (True, [(made["as_of"], True)])
    analyse(client)
    assert marks(client) == [(acme.market.day.isoformat(), False), (made["as_of"], False), (made["as_of"], True)]
    assert latest(client)["superseded"] is False


def test_new_days_and_a_finished_bar_supersede_nothing(client: Client, acme: Trading) -> None:
    made = analyse(client)
    assert refresh(acme, evening=AT - 1) is RefreshOutcome.EXTENDED
    assert marks(client) == [(made["as_of"], False)]
    assert client.post("/results/rerun", {}).json == {"items": []}
    analyse(client)
    assert overview_of_previous(client) == made["score"]


def overview_of_previous(client: Client) -> Any:
    return latest(client)["previous_score"]


@pytest.mark.parametrize("way", ["one", "job"])
def test_a_new_result_is_compared_with_that_of_the_same_day_by_the_new_prices(client: Client, acme: Trading, way: str) -> None:
    before = analyse(client)
    refresh(acme, evening=AT + 1)
    if way == "job":
        job = finished(client, "ACME")
        item = items_of(client, job["id"])["ACME"]
        changed = item["outcome"] != before["verdict"]
        assert (item["facts"]["was"], item["changed"]) == (before["verdict"], changed)
    else:
        changed = analyse(client)["verdict"] != before["verdict"]
    item = latest(client)
    assert item["previous_score"] == pytest.approx(before["score"], abs=1e-9)
    assert item["former_verdict"] == (before["verdict"] if changed else None)


def test_a_verdict_holds_on_over_a_replacement(client: Client) -> None:
    """Since when a verdict is what it is, and what it was before, are known as before."""
    with trading(Market({"ACME": CHANGES}, evening=BARS - 60), "tiingo") as own:
        refresh(own)
        client.post("/watchlist", {"ticker": "ACME"})
        verdicts = [analyse(client)["verdict"]]
        while own.market.evening < AT - 1:
            refresh(own, evening=own.market.evening + 1)
            verdicts.append(analyse(client)["verdict"])
        assert len(set(verdicts)) > 1
        change = overview(client)["change"]
        refresh(own, evening=AT)
        assert overview(client)["latest"]["superseded"] is True
        verdict = analyse(client)["verdict"]
        told = overview(client)["change"]
    assert told == change if verdict == verdicts[-1] else told["former"] == verdicts[-1]


def test_a_result_is_run_again_also_without_a_newer_day(client: Client, acme: Trading) -> None:
    """Another provider, whose history of the same days takes the place of what is stored."""
    made = analyse(client)
    with trading(Market(acme.market.companies), "csv_url") as other:
        assert refresh(other) is RefreshOutcome.REPLACED
    assert latest(client)["superseded"] is True
    client.post("/results/rerun", {"tickers": ["ACME"]})
    run_jobs()
    item = latest(client)
    assert (item["superseded"], item["as_of"], item["verdict"], item["former_verdict"]) == (False, made["as_of"], made["verdict"], None)
    assert client.post("/results/rerun", {}).json == {"items": []}


def test_one_job_for_each_strategy_and_none_twice(client: Client, acme: Trading) -> None:
    for strategy in ("balanced", "trend", "weekly"):
        analyse(client, strategy=strategy)
    analyse(client, strategy="breakout", capital=5)
    analyse(client, strategy="reversion", as_of=date(2022, 8, 1).isoformat())
    analyse(client, ticker="AAPL")
    refresh(acme, evening=AT + 1)
    for order in ({"tickers": ["AAPL", "NONE"]}, {"universe": "watchlist"}):
        answer = client.post("/results/rerun", order)
        assert (answer.status_code, answer.json) == (200, {"items": []})
    first = client.post("/results/rerun", {"universe": "all"}, headers={"Idempotency-Key": "again"})
    assert first.status_code == 202
    jobs = first.json["items"]
    assert [(job["params"]["strategy"], job["total"]) for job in jobs] == [(one, 1) for one in ("balanced", "breakout", "trend", "weekly")]
    replay = client.post("/results/rerun", {"universe": "all"}, headers={"Idempotency-Key": "again"})
    assert (replay.status_code, replay.headers["Idempotent-Replayed"]) == (202, "true")
    active = client.post("/results/rerun", {"tickers": ["acme", "ACME"]})
    assert (active.status_code, [job["id"] for job in active.json["items"]]) == (200, [job["id"] for job in jobs])
    run_jobs()
    assert client.post("/results/rerun", {}).json == {"items": []}


@pytest.mark.parametrize(
    "order", [{"tickers": []}, {"tickers": ["ACME"], "universe": "all"}, {"universe": "nowhere"}, {"strategy": "balanced"}, []]
)
def test_an_order_that_makes_no_sense_is_refused(client: Client, order: Any) -> None:
    answer = client.post("/results/rerun", order)
    assert answer.json["code"] in {"validation_error", "malformed_json", "universe_not_found"}


def test_an_upload_of_the_organization_is_not_concerned(client: Client, acme: Trading) -> None:
    file = client.get("/prices/ACME", headers={"Accept": "text/csv"}).data.decode()
    client.put("/prices/ACME", file)
    made = analyse(client)
    refresh(acme, evening=AT + 1)
    assert (marks(client), latest(client)["superseded"]) == ([(made["as_of"], False)], False)
    assert client.get(f"/results/{made['id']}").json["superseded"] is False
    assert client.post("/results/rerun", {}).json == {"items": []}


def test_a_history_that_is_too_short_now_drops_what_cannot_be_compared(client: Client) -> None:
    """The new history begins too late to tell what the verdict of that day was."""
    company = Company(5)
    with trading(Market({"ACME": company}, evening=60), "tiingo") as own:
        refresh(own)
        analyse(client)
    with trading(Market({"ACME": company}), "twelvedata") as other:
        bars = other.market.bars
        other.market.bars = lambda ticker, since: bars(ticker, since)[40:]  # type: ignore[method-assign]
        assert refresh(other) is RefreshOutcome.REPLACED
    assert latest(client)["superseded"] is True
    analyse(client)
    item = latest(client)
    assert (item["superseded"], item["previous_score"], item["former_verdict"]) == (False, None, None)
