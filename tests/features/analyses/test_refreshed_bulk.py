"""POST /bulk-analyze with `refresh`: prices first, then the verdict, item by item."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kit.companies import Company
from kit.databases import Backend
from kit.jobs import items_of, options_for, working
from kit.market import Market
from kit.price_server import PriceServer, Reply, price_server
from kit.providers import KEY
from kit.servers import wait_until
from kit.support import Client, settings_for

import app as application
from app import create_app
from features.analyses.kinds import BulkAnalysis
from features.prices.refreshers import SharedRefresher
from models.job import Lane

TICKERS = ["T1", "T2", "T3"]


@pytest.fixture
def server() -> Iterator[PriceServer]:
    with price_server(Market({ticker: Company(seed) for seed, ticker in enumerate(TICKERS)}).tiingo) as server:
        yield server


@pytest.fixture
def client(backend: Backend, tmp_path: Path, server: PriceServer, request: pytest.FixtureRequest) -> Iterator[Client]:
    calls = getattr(request, "param", "100/hour")
    provider = {"price_providers": "tiingo", "tiingo_url": server.address, "tiingo_api_key": KEY, "tiingo_calls": calls}
    app = create_app(settings_for(backend.url, tmp_path, **provider))
    application.start(app)
    yield Client(app)
    application.stop(app)


def queue(client: Client, *tickers: str) -> str:
    answer = client.post("/bulk-analyze", {"tickers": list(tickers), "refresh": True})
    assert (answer.status_code, answer.json["params"]["refresh"]) == (202, True), answer.json
    return str(answer.json["id"])


def run(client: Client) -> None:
    kind = BulkAnalysis(SharedRefresher(client.app.services.settings))
    with closing(kind), working(options=options_for([kind], Lane.NETWORK)) as executor:
        executor.drain()


def test_prices_are_fetched_and_analysed_item_by_item(client: Client) -> None:
    job_id = queue(client, "T1", "T2", "NONE")
    run(client)
    items = items_of(client, job_id)
    assert {key: item["status"] for key, item in items.items()} == {"T1": "succeeded", "T2": "succeeded", "NONE": "failed"}
    assert items["T1"]["outcome"] in {"Strong Buy", "Buy", "Hold", "Sell", "Strong Sell"}
    assert items["T1"]["facts"]["refresh"] == {"outcome": "New", "error": None}
    assert "Tiingo has no ticker NONE" in items["NONE"]["error"]["message"]
    assert client.get(f"/results/{items['T1']['result_id']}").json["provenance"]["provider"] == "tiingo"


def test_what_cannot_be_refreshed_is_analysed_as_it_is_and_says_why(client: Client, server: PriceServer) -> None:
    client.post("/refresh", {"tickers": ["T1"]})
    queue(client, "T1")
    run(client)
    server.answer = lambda asked: Reply(b"", 403)
    job_id = queue(client, "T1", "AAPL")
    run(client)
    facts = items_of(client, job_id)["AAPL"]["facts"]
    assert facts["refresh"]["outcome"] is None
    assert "refused the key" in facts["refresh"]["error"]


@pytest.mark.parametrize("client", ["2/hour"], indirect=True)
def test_items_beyond_the_limit_wait(client: Client, server: PriceServer) -> None:
    job_id = queue(client, *TICKERS)
    run(client)
    waiting = wait_until(lambda: client.get(f"/jobs/{job_id}").json["waiting"])
    assert (waiting["items"], len(server.asked)) == (2, 2)


def test_without_a_provider_or_with_another_type_it_is_refused(app: Any) -> None:
    client = Client(app)
    assert client.post("/bulk-analyze", {"tickers": ["AAPL"], "refresh": True}).json["code"] == "no_provider"
    assert client.post("/bulk-analyze", {"tickers": ["AAPL"], "refresh": "yes"}).json["code"] == "validation_error"
