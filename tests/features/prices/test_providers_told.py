"""GET /providers: what each needs, its breaker, the calls that are left, and its last error, without a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from kit.companies import Company
from kit.databases import Backend
from kit.market import Market
from kit.price_server import PriceServer, Reply, price_server
from kit.providers import KEY
from kit.support import Client, settings_for

import database
from app import create_app
from features.prices.circuit import FAILURES
from features.prices.refresh import MustWait, Refresher, RefreshFailed
from features.prices.registry import configured
from models.provider import ProviderError, ProviderFault, Window
from utils.clock import now

START = Callable[..., Client]


@pytest.fixture
def market() -> Iterator[PriceServer]:
    with price_server(Market({"ACME": Company(1)}).tiingo) as server:
        yield server


@pytest.fixture
def start(backend: Backend, tmp_path: Path, market: PriceServer) -> START:
    def make(**more: Any) -> Client:
        own = {"price_providers": "tiingo", "tiingo_url": market.address, "tiingo_api_key": KEY, "tiingo_calls": "4/hour 100/day"}
        return Client(create_app(settings_for(backend.url, tmp_path, **(own | more))))

    return make


def told(client: Client, key: str | None = None) -> dict[str, Any]:
    """By name, in the order of the answer."""
    answer = client.get("/providers", key=key) if key is not None else client.get("/providers")
    assert answer.status_code == 200, answer.json
    return {item["name"]: item for item in answer.json["items"]}


def refresh(client: Client, *tickers: str) -> None:
    with configured(client.app.services.settings, database.current()) as providers:
        refresher = Refresher(database.current(), providers)
        for ticker in tickers:
            refresher.refresh(ticker, force=True)


def test_without_any_each_says_what_to_set(client: Client) -> None:
    items = told(client)
    assert list(items) == sorted(items)
    assert items["tiingo"]["needs"] == ["PRICE_PROVIDERS", "TIINGO_API_KEY"]
    assert items["csv_url"]["needs"] == ["PRICE_PROVIDERS", "CSV_URL_TEMPLATE"]
    assert {(item["configured"], item["order"], item["last_error"], item["last_success_at"]) for item in items.values()} == {
        (False, None, None, None)
    }
    assert "personal use" in items["tiingo"]["terms"]


def test_those_that_are_asked_come_first_in_their_order(start: START) -> None:
    items = told(start(price_providers="twelvedata,tiingo", twelvedata_api_key="k2", csv_url_template="http://127.0.0.1:9/{ticker}.csv"))
    assert list(items)[:3] == ["twelvedata", "tiingo", "csv_url"]
    assert [(items[name]["configured"], items[name]["order"]) for name in items][:3] == [(True, 1), (True, 2), (False, None)]
    assert items["twelvedata"]["needs"] == items["tiingo"]["needs"] == []
    assert items["csv_url"]["needs"] == ["PRICE_PROVIDERS"], "its own setting is set already"


def test_the_calls_that_are_left_are_counted_and_reading_makes_none(start: START, market: PriceServer) -> None:
    client = start()
    hour, day = told(client)["tiingo"]["budget"]["windows"]
    assert hour == {"window": "hour", "limit": 4, "used": 0, "left": 4, "free_at": None}
    assert (day["window"], day["limit"]) == ("day", 100)
    refresh(client, "ACME")
    asked = len(market.asked)
    hour, day = told(client)["tiingo"]["budget"]["windows"]
    assert (hour["used"], hour["left"], hour["free_at"]) == (asked, 4 - asked, None)
    assert (day["used"], day["left"]) == (asked, 100 - asked)
    assert told(client)["csv_url"]["budget"]["windows"] == []
    assert len(market.asked) == asked
    item = told(client)["tiingo"]
    assert abs((datetime.fromisoformat(item["last_success_at"]) - now()).total_seconds()) < 60
    assert (item["breaker"], item["last_error"]) == ({"state": "closed", "failures": 0, "open_until": None}, None)


def test_a_spent_window_tells_when_it_goes_on(start: START) -> None:
    client = start(tiingo_calls="2/hour")
    refresh(client, "ACME")
    with pytest.raises(MustWait):
        refresh(client, "ACME", "ACME")
    (hour,) = told(client)["tiingo"]["budget"]["windows"]
    assert (hour["used"], hour["left"]) == (2, 0)
    assert 3_400 < (datetime.fromisoformat(hour["free_at"]) - now()).total_seconds() < 3_700


def test_a_window_that_the_provider_closed_has_no_calls_left(start: START) -> None:
    client = start()
    with configured(client.app.services.settings, database.current()) as providers:
        providers[0].budget.close(Window.HOUR, 600)
        providers[0].budget.close(Window.MONTH, 86_400)
    windows = {each["window"]: each for each in told(client)["tiingo"]["budget"]["windows"]}
    assert (windows["hour"]["limit"], windows["hour"]["used"], windows["hour"]["left"]) == (4, 0, 0)
    assert 500 < (datetime.fromisoformat(windows["hour"]["free_at"]) - now()).total_seconds() < 610
    assert (windows["month"]["limit"], windows["month"]["left"]) == (None, 0)


def test_a_provider_that_fails_is_open_and_its_last_error_stays(start: START, market: PriceServer) -> None:
    client = start(tiingo_calls="100/hour")
    refresh(client, "ACME")
    market.answer = lambda asked: Reply(b"Bad gateway", 502)
    with pytest.raises(RefreshFailed):
        refresh(client, "ACME")
    item = told(client)["tiingo"]
    assert (item["breaker"]["state"], item["breaker"]["failures"], item["last_error"]["fault"]) == ("closed", 1, "unreachable")
    with configured(client.app.services.settings, database.current()) as providers:
        for _ in range(FAILURES):
            providers[0].circuit.failed(ProviderError(ProviderFault.BAD_ANSWER, "tiingo sent a page."))
    item = told(client)["tiingo"]
    assert (item["breaker"]["state"], item["breaker"]["failures"]) == ("open", FAILURES + 1)
    assert 0 < (datetime.fromisoformat(item["breaker"]["open_until"]) - now()).total_seconds() < 90
    assert (item["last_error"]["fault"], item["last_error"]["message"]) == ("bad_answer", "tiingo sent a page.")


def test_no_answer_has_a_key_in_it(start: START, market: PriceServer) -> None:
    template = f"{market.address}/{{ticker}}.csv?token=s3cret-of-the-file-server"
    client = start(price_providers="tiingo,csv_url", csv_url_template=template)
    market.answer = lambda asked: Reply(b"Forbidden", 403)
    with pytest.raises(RefreshFailed):
        refresh(client, "ACME")
    text = client.get("/providers").text
    assert KEY not in text
    assert "s3cret" not in text
    assert told(client)["tiingo"]["last_error"]["fault"] == "key_refused"


def test_any_key_of_the_organization_may_read_it_and_nobody_without(client: Client) -> None:
    created = client.post("/admin/keys", {"name": "Reader"}).json
    assert told(client, created["key"])
    assert client.get("/providers", key=None).status_code == 401
    assert client.get("/providers?verbose=1").status_code == 422
