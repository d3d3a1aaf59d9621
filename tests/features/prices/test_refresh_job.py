"""POST /refresh: a job in the network lane that stays within the provider's limits, waits, and can be cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from kit.companies import Company
from kit.databases import Backend
from kit.jobs import items_of, options_for, release_worker, rescue_expired, working
from kit.market import Market
from kit.price_server import PriceServer, price_server
from kit.providers import KEY
from kit.servers import wait_until
from kit.support import Client, settings_for

import app as application
import database
from api.application import Application
from app import create_app
from features.prices.kinds import PriceRefresh
from features.prices.refreshers import SharedRefresher
from models.job import Lane
from utils.clock import now

TICKERS = [f"T{number}" for number in range(8)]


@pytest.fixture
def market() -> Iterator[PriceServer]:
    companies = {ticker: Company(seed) for seed, ticker in enumerate(TICKERS)}
    with price_server(Market(companies).tiingo) as server:
        yield server


def configured(backend: Backend, folder: Path, market: PriceServer, calls: str) -> Application:
    more = {"price_providers": "tiingo", "tiingo_url": market.address, "tiingo_api_key": KEY, "tiingo_calls": calls}
    return create_app(settings_for(backend.url, folder, **more))


@pytest.fixture
def start_app(backend: Backend, tmp_path: Path, market: PriceServer) -> Iterator[Any]:
    started: list[Application] = []

    def start(calls: str) -> Client:
        app = configured(backend, tmp_path, market, calls)
        application.start(app)
        started.append(app)
        return Client(app)

    yield start
    for app in started:
        application.stop(app)


def run_refreshes(client: Client) -> int:
    """Run what can be run now, as a network worker does."""
    kind = PriceRefresh(SharedRefresher(client.app.services.settings))
    with closing(kind), working(options=options_for([kind], Lane.NETWORK)) as executor:
        return executor.drain()


def waiting_job(client: Client, job_id: str) -> Any:
    """A job once it tells that items wait."""
    return wait_until(lambda: (job := client.get(f"/jobs/{job_id}").json)["waiting"] and job)


def refresh(client: Client, **body: Any) -> Any:
    answer = client.post("/refresh", body)
    assert answer.status_code == 202, answer.json
    return answer.json


def test_a_refresh_fetches_what_is_missing_and_says_what_became_of_each(start_app: Any, market: PriceServer) -> None:
    client = start_app("1000/hour")
    job = refresh(client, tickers=["T1", "t2", "T1", "NONE"])
    assert (job["kind"], job["total"], job["waiting"]) == ("price_refresh", 3, None)
    run_refreshes(client)
    items = items_of(client, job["id"])
    assert {key: (item["status"], item["outcome"]) for key, item in items.items()} == {
        "T1": ("succeeded", "New"), "T2": ("succeeded", "New"), "NONE": ("failed", None),
    }  # fmt: skip
    assert items["T1"]["facts"]["provider"] == "tiingo"
    assert items["NONE"]["error"]["code"] == "ticker_not_found"
    assert client.get("/prices/T1").json["ticker"] == "T1"
    before = len(market.asked)
    again = refresh(client, tickers=["T1"])
    run_refreshes(client)
    # Its prices end years ago: it was asked for in vain a moment ago.
    assert items_of(client, again["id"])["T1"]["outcome"] == "Current"
    assert len(market.asked) == before


def test_a_watch_list_is_refreshed(start_app: Any, market: PriceServer) -> None:
    client = start_app("1000/hour")
    list_id = client.post("/watchlists", {"name": "Mine"}).json["id"]
    universe = f"watchlist:{list_id}"
    assert client.post("/refresh", {"universe": universe}).status_code == 422, "it is empty"
    client.post(f"/watchlists/{list_id}/items/batch", {"tickers": ["T1", "T3"]})
    job = refresh(client, universe=universe)
    run_refreshes(client)
    assert {key: item["outcome"] for key, item in items_of(client, job["id"]).items()} == {"T1": "New", "T3": "New"}
    client.delete(f"/watchlists/{list_id}")
    assert client.post("/refresh", {"universe": universe}).json["code"] == "universe_not_found"


def test_items_beyond_the_limit_wait_each_for_a_time_of_its_own(start_app: Any, market: PriceServer) -> None:
    client = start_app("4/hour")
    job = refresh(client, tickers=TICKERS)
    run_refreshes(client)
    assert len(market.asked) == 4
    job = waiting_job(client, job["id"])
    assert (job["status"], job["succeeded"], job["waiting"]["items"]) == ("processing", 2, 6)
    first, last = (datetime.fromisoformat(job["waiting"][name]) for name in ("first_at", "last_at"))
    # Two calls for each new ticker: two tickers an hour.
    assert 3_500 < (first - now()).total_seconds() < 3_700
    assert 8_900 < (last - first).total_seconds() < 11_000
    assert job["eta_seconds"] is None, "no worker has sent a heartbeat"
    assert 8_900 < (datetime.fromisoformat(job["params"]["expected_at"]) - now()).total_seconds() < 30_000
    assert run_refreshes(client) == 0
    assert rescue_expired() == set()


def test_waiting_items_end_with_their_cancelled_job(start_app: Any) -> None:
    client = start_app("2/hour")
    job = refresh(client, tickers=TICKERS[:3])
    run_refreshes(client)
    client.post(f"/jobs/{job['id']}/cancel")
    job = client.get(f"/jobs/{job['id']}").json
    assert (job["status"], job["succeeded"], job["waiting"]) == ("cancelled", 1, None)


def test_the_end_of_a_worker_ends_no_wait(start_app: Any) -> None:
    client = start_app("2/hour")
    job = refresh(client, tickers=TICKERS[:3])
    run_refreshes(client)
    assert release_worker("tester") == set()
    assert run_refreshes(client) == 0
    rows = database.query_db("SELECT tries FROM analysis_job_items WHERE job_id = :id AND status = 'processing'", {"id": job["id"]})
    assert [row["tries"] for row in rows] == [0, 0], "waiting is no try"


def test_a_universe_is_refreshed_and_the_same_job_is_found_again(start_app: Any) -> None:
    client = start_app("1000/hour")
    client.post("/watchlist", {"ticker": "T3"})
    job = refresh(client, universe="watchlist")
    assert (job["total"], job["params"]["universe"]) == (1, "watchlist")
    again = client.post("/refresh", {"universe": "watchlist"})
    assert (again.status_code, again.json["id"], again.json["deduplicated"]) == (200, job["id"], True)


def test_an_own_upload_is_left_alone(start_app: Any, market: PriceServer) -> None:
    client = start_app("1000/hour")
    client.put("/prices/T1", "Date,Open,High,Low,Close,Volume\n2024-01-02,1,2,1,2,5\n")
    job = refresh(client, tickers=["T1"])
    run_refreshes(client)
    assert items_of(client, job["id"])["T1"]["outcome"] == "Own upload"
    assert market.asked == []


def test_a_stored_universe_is_refreshed(start_app: Any, market: PriceServer) -> None:
    client = start_app("1000/hour")
    client.put("/universes/mine", "Symbol\nT1\nT2\n")
    job = refresh(client, universe="mine")
    assert (job["total"], job["params"]["universe"]) == (2, "mine")
    run_refreshes(client)
    assert {item["outcome"] for item in items_of(client, job["id"]).values()} == {"New"}
    assert client.get("/universes/mine").json["stored"] == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"universe": "nowhere"}, 404, "universe_not_found"),
        ({"universe": "watchlist"}, 422, "validation_error"),
        ({}, 422, "validation_error"),
        ({"tickers": ["T1"], "universe": "all"}, 422, "validation_error"),
        ({"tickers": []}, 422, "validation_error"),
        ({"tickers": ["no ticker at all"]}, 422, "validation_error"),
        ({"tickers": ["T1"], "since": "2020-01-01"}, 422, "validation_error"),
    ],
)
def test_what_cannot_be_refreshed_is_refused(start_app: Any, body: dict[str, Any], status: int, code: str) -> None:
    answer = start_app("10/hour").post("/refresh", body)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_without_a_provider_it_says_what_to_configure(client: Client) -> None:
    answer = client.post("/refresh", {"tickers": ["AAPL"]})
    assert (answer.status_code, answer.json["code"]) == (409, "no_provider")
    assert "PRICE_PROVIDERS" in answer.json["detail"]
