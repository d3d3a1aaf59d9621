"""GET /tickers asks a provider where nothing is stored: within its budget, once a day, and without harm when it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.databases import Backend
from kit.price_server import Answering, Asked, PriceServer, Reply, as_json, price_server
from kit.support import Client, settings_for

import app as application
from app import create_app
from features.prices.providers.sample import SampleProvider
from features.prices.sample import load_if_empty

NVIDIA = [
    {"ticker": "NVDA", "name": "NVIDIA Corp", "assetType": "Stock", "isActive": True, "countryCode": "US"},
    {"ticker": "NVD", "name": "GraniteShares 2x Short NVDA", "assetType": "ETF", "isActive": True, "countryCode": "US"},
]  # fmt: skip
Serve = Callable[..., tuple[Client, PriceServer]]


@pytest.fixture
def serve(backend: Backend, tmp_path: Path) -> Iterator[Serve]:
    """A function that starts an application whose provider answers as given."""
    opened: list[Any] = []

    def make(answer: Answering | Reply, **more: Any) -> tuple[Client, PriceServer]:
        serving = price_server(answer if callable(answer) else lambda asked: answer)
        server = serving.__enter__()
        values = {"price_providers": ("tiingo",), "tiingo_api_key": "a-key", "tiingo_url": server.address, **more}
        app = create_app(settings_for(backend.url, tmp_path, **values))
        application.start(app)
        load_if_empty(app.services.database, SampleProvider())
        opened.append((app, serving))
        return Client(app), server

    yield make
    for app, serving in opened:
        application.stop(app)
        serving.__exit__(None, None, None)


def found(client: Client, q: str, more: str = "") -> list[str]:
    answer = client.get(f"/tickers?q={q}{more}")
    assert answer.status_code == 200, answer.json
    return [item["ticker"] for item in answer.json["items"]]


def test_a_provider_is_asked_where_nothing_is_stored(serve: Serve) -> None:
    client, server = serve(as_json(NVIDIA))
    items = client.get("/tickers?q=nvid").json["items"]
    assert items[0] == {
        "ticker": "NVDA", "name": "NVIDIA Corp", "exchange": None, "currency": "USD", "type": "stock", "sector": None,
        "stored": False, "bars": 0, "first": None, "last": None, "provider": None,
        "freshness": {"state": "unknown", "trading_days_behind": None, "exchange": None, "newest_expected": None},
    }  # fmt: skip
    assert [item["ticker"] for item in items] == ["NVDA", "NVD"]
    assert [(asked.path, asked.query["query"]) for asked in server.asked] == [("/tiingo/utilities/search", "nvid")]


def test_an_answer_is_kept_and_costs_one_call(serve: Serve) -> None:
    client, server = serve(as_json(NVIDIA))
    for text in ("nvid", "NVID", "%20nvid%20"):
        assert found(client, text) == ["NVDA", "NVD"]
    assert len(server.asked) == 1
    nothing, silent = serve(as_json([]))
    assert [found(nothing, "zzzz"), found(nothing, "zzzz")] == [[], []]
    assert len(silent.asked) == 1


def test_nobody_is_asked_for_what_is_stored_or_without_a_text(serve: Serve) -> None:
    client, server = serve(as_json(NVIDIA))
    assert found(client, "AAPL") == ["AAPL"]
    assert found(client, "%20%20%20") == []
    assert found(client, "nvid", "&ask=false") == []
    assert found(client, "nvid", "&stored=true") == []
    assert client.get("/tickers").json["items"] != []
    assert server.asked == []


def test_what_is_stored_under_another_name_is_told_as_stored(serve: Serve) -> None:
    client, _ = serve(as_json([{"ticker": "AAPL", "name": "Fruit Co"}, *NVIDIA]))
    apple, nvidia, _ = client.get("/tickers?q=fruit").json["items"]
    assert (apple["ticker"], apple["stored"], apple["bars"], apple["provider"]) == ("AAPL", True, 3270, "sample")
    assert (nvidia["ticker"], nvidia["stored"]) == ("NVDA", False)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(b"", 500), id="500"),
        pytest.param(as_json({"detail": "Invalid token."}, 401), id="401"),
        pytest.param(Reply(b"<html>prove that you are no robot</html>", 200, {"Content-Type": "text/html"}), id="a page"),
        pytest.param(Reply(b"[{", 200), id="half"),
        pytest.param(Reply(b"x" * 100, cut=True), id="cut off"),
        pytest.param(as_json({"x": 1}), id="another shape"),
        pytest.param(as_json("text"), id="a text"),
    ],
)
def test_a_provider_that_fails_breaks_nothing(serve: Serve, reply: Reply) -> None:
    client, server = serve(reply)
    assert found(client, "nvid") == []
    assert found(client, "nvid") == []
    assert len(server.asked) == 1  # it is not asked again at once
    assert found(client, "AAPL") == ["AAPL"]


def test_nonsense_in_an_answer_is_left_out(serve: Serve) -> None:
    rows = [None, 5, {"ticker": "not a ticker"}, {"ticker": ""}, {"ticker": ["A"]}, {"ticker": "NVDA", "name": {"x": 1}, "assetType": 7}]
    client, _ = serve(as_json([*rows, {"ticker": "nvda", "name": "again"}, {"ticker": "EVIL", "name": "a\u0000\n<b>" + "x" * 900}]))
    items = client.get("/tickers?q=nvid").json["items"]
    assert [item["ticker"] for item in items] == ["NVDA", "EVIL"]
    assert items[0]["name"] is None
    assert items[1]["name"].startswith("a <b>x")
    assert len(items[1]["name"]) == 200


def test_the_budget_holds(serve: Serve) -> None:
    client, server = serve(as_json(NVIDIA), tiingo_calls="2/day")
    assert [found(client, f"nvid{n}") for n in range(4)] == [["NVDA", "NVD"], ["NVDA", "NVD"], [], []]
    assert len(server.asked) == 2


def test_a_provider_that_says_enough_is_left_alone(serve: Serve) -> None:
    client, server = serve(as_json({"detail": "You have run over your hourly request allocation."}, 429, **{"Retry-After": "600"}))
    assert [found(client, f"nvid{n}") for n in range(3)] == [[], [], []]
    assert len(server.asked) == 1


def test_the_next_provider_is_asked_where_the_first_knows_nothing(serve: Serve) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path.startswith("/tiingo"):
            return as_json([])
        row = {"symbol": "NVDA", "instrument_name": "NVIDIA Corp", "mic_code": "XNGS", "currency": "USD", "country": "United States"}
        return as_json({"data": [{**row, "instrument_type": "Common Stock"}], "status": "ok"})

    client, server = serve(answer)
    more = {"price_providers": ("tiingo", "twelvedata"), "twelvedata_api_key": "a-key", "twelvedata_url": server.address}
    both, _ = serve(answer, tiingo_url=server.address, **more)
    assert found(client, "nvid") == []
    [nvidia] = both.get("/tickers?q=nvid").json["items"]
    assert (nvidia["ticker"], nvidia["exchange"], nvidia["currency"]) == ("NVDA", "XNGS", "USD")


def test_what_is_known_of_a_universe_comes_after_what_is_listed(serve: Serve) -> None:
    client, _ = serve(as_json(NVIDIA))
    client.put("/universes/mine", "Symbol,Name,Sector\nNVDA,,Technology\nNVIDX,Nvidia Fund,\n")
    items = client.get("/tickers?q=nvid").json["items"]
    assert [(item["ticker"], item["name"], item["sector"]) for item in items] == [
        ("NVDA", "NVIDIA Corp", "Technology"),
        ("NVD", "GraniteShares 2x Short NVDA", None),
        ("NVIDX", "Nvidia Fund", None),
    ]
