"""Type a ticker, get a verdict: POST /analyze fetches what nobody has stored, through a real worker and a real provider's server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from kit.companies import Company
from kit.databases import Backend
from kit.jobs import appear, options_for, working
from kit.market import Market
from kit.price_server import PriceServer, Reply, price_server
from kit.providers import KEY
from kit.support import Client, settings_for

import app as application
from app import create_app
from features.prices.kinds import PriceRefresh
from features.prices.refreshers import SharedRefresher
from models.job import Lane

COMPANIES = {"NVDA": Company(1), "ACME": Company(2)}
StartApp = Callable[..., Client]


@pytest.fixture
def server() -> Iterator[PriceServer]:
    with price_server(Market(COMPANIES).tiingo) as server:
        yield server


@pytest.fixture
def start_app(backend: Backend, tmp_path: Path, server: PriceServer) -> Iterator[StartApp]:
    """An application with a provider; with `works`, a network worker runs beside it."""
    with ExitStack() as stack:

        def start(*, works: bool = True, **more: Any) -> Client:
            provider = {"price_providers": "tiingo", "tiingo_url": server.address, "tiingo_api_key": KEY, "tiingo_calls": "100/hour"}
            app = create_app(settings_for(backend.url, tmp_path, **{**provider, **more}))
            application.start(app)
            stack.callback(application.stop, app)
            if works:
                appear(Lane.NETWORK)
                stop, kind = threading.Event(), stack.enter_context(closing(PriceRefresh(SharedRefresher(app.services.settings))))
                thread = threading.Thread(target=work, args=(stop, kind))
                thread.start()
                stack.callback(thread.join)
                stack.callback(stop.set)
            return Client(app)

        yield start


def work(stop: threading.Event, kind: PriceRefresh) -> None:
    with working("network", stop, options_for([kind], Lane.NETWORK)) as executor:
        while not stop.wait(0.02):
            executor.drain()


def test_a_ticker_that_nobody_has_stored_is_fetched_and_analysed(start_app: StartApp, server: PriceServer) -> None:
    client = start_app(fetch_on_demand_seconds=60)
    answer = client.post("/analyze", {"ticker": "nvda"})
    assert (answer.status_code, answer.json["ticker"], answer.json["provenance"]["provider"]) == (200, "NVDA", "tiingo")
    before = len(server.asked)
    assert client.post("/analyze", {"ticker": "NVDA", "strategy": "trend"}).status_code == 200
    assert len(server.asked) == before


def test_callers_at_once_share_one_fetch(start_app: StartApp, server: PriceServer) -> None:
    client = start_app(fetch_on_demand_seconds=60)
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda: codes.append(Client(client.app).post("/analyze", {"ticker": "ACME"}).status_code)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 4
    assert len([asked for asked in server.asked if asked.path.endswith("/prices")]) == 1


def test_what_no_provider_knows_is_not_found_and_not_asked_for_again(start_app: StartApp, server: PriceServer) -> None:
    client = start_app(fetch_on_demand_seconds=60)
    for _ in range(2):
        answer = client.post("/analyze", {"ticker": "NOSUCH"})
        assert (answer.status_code, answer.json["code"]) == (404, "ticker_not_found")
        assert "Tiingo has no ticker NOSUCH" in answer.json["detail"]
    assert len(server.asked) == 1


def test_a_provider_that_is_down_is_told(start_app: StartApp, server: PriceServer) -> None:
    client = start_app(fetch_on_demand_seconds=60)
    server.answer = lambda asked: Reply(b"", 403)
    answer = client.post("/analyze", {"ticker": "NVDA"})
    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (503, "prices_unavailable", "5")
    assert "refused the key" in answer.json["detail"]
    assert KEY not in answer.text


def test_what_lasts_too_long_goes_on_by_itself(start_app: StartApp, server: PriceServer) -> None:
    client = start_app(works=False, fetch_on_demand_seconds=0.2)
    appear(Lane.NETWORK)
    answer = client.post("/analyze", {"ticker": "NVDA"})
    assert (answer.status_code, answer.json["code"]) == (503, "prices_pending")
    (job,) = client.get("/jobs").json["items"]
    assert job["id"] in answer.json["detail"]
    with (
        closing(PriceRefresh(SharedRefresher(client.app.services.settings))) as kind,
        working(options=options_for([kind], Lane.NETWORK)) as executor,
    ):
        executor.drain()
    assert client.post("/analyze", {"ticker": "NVDA"}).status_code == 200


def test_without_a_worker_nobody_waits(start_app: StartApp) -> None:
    answer = start_app(works=False, fetch_on_demand_seconds=60).post("/analyze", {"ticker": "NVDA"})
    assert (answer.status_code, answer.json["code"]) == (503, "prices_pending")
    assert "Nothing runs jobs" in answer.json["detail"]


def test_without_a_provider_it_says_what_to_configure(client: Client) -> None:
    answer = client.post("/analyze", {"ticker": "NVDA"})
    assert (answer.status_code, answer.json["code"]) == (404, "ticker_not_found")
    assert "PRICE_PROVIDERS" in answer.json["detail"]


def test_switched_off_it_fetches_nothing(start_app: StartApp, server: PriceServer) -> None:
    client = start_app(fetch_on_demand_seconds=60)
    client("PUT", "/admin/flags/fetches", json={"enabled": False})
    assert client.post("/analyze", {"ticker": "NVDA"}).json["code"] == "ticker_not_found"
    assert client.post("/refresh", {"tickers": ["NVDA"]}).json["code"] == "feature_disabled"
    assert server.asked == []


def test_a_ticker_is_fetched_from_its_own_providers_only(start_app: StartApp, server: PriceServer) -> None:
    with price_server(Market(COMPANIES).csv) as files:
        client = start_app(price_providers="tiingo,csv_url", csv_url_template=files.address + "/{ticker}.csv?from={since}")
        order = client("PUT", "/tickers/NVDA/providers", json={"providers": ["csv_url"]}).json
        assert order["order"] == ["csv_url"]
        assert client.get("/tickers/ACME/providers").json["order"] == ["tiingo", "csv_url"]
        assert client.post("/analyze", {"ticker": "NVDA"}).json["provenance"]["provider"] == "csv_url"
        assert server.asked == []
        client("PUT", "/tickers/ACME/providers", json={"providers": ["yahoo"]})
        refused = client.post("/analyze", {"ticker": "ACME"})
        assert refused.json["code"] == "prices_unavailable"
        assert "ACME is asked of yahoo only, and PRICE_PROVIDERS has tiingo, csv_url" in refused.json["detail"]
        client("PUT", "/tickers/ACME/providers", json={"providers": []})
        assert client.post("/analyze", {"ticker": "ACME"}).json["provenance"]["provider"] == "tiingo"
