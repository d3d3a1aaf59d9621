"""The items of watch lists, the default one and a named one alike; and the strategies."""

from __future__ import annotations

from typing import Any

import pytest
from kit.support import Client
from kit.watchlist import LIST_KINDS, ListPaths


@pytest.fixture(params=LIST_KINDS)
def of(request: pytest.FixtureRequest, client: Client) -> ListPaths:
    return ListPaths.made(client, request.param)


def test_watchlist(client: Client, of: ListPaths) -> None:
    added = client.post(of.items, {"ticker": "aapl", "notes": "after <script>alert(1)</script>\nearnings"})
    assert added.status_code == 201
    assert (added.json["ticker"], added.json["name"]) == ("AAPL", "Apple Inc.")
    twice = client.post(of.items, {"ticker": "AAPL"})
    assert (twice.status_code, twice.json["code"]) == (409, "conflict")
    client.post(of.items, {"ticker": "^GSPC", "name": "S&P 500"})
    assert [item["ticker"] for item in client.get(of.items).json["items"]] == ["AAPL", "^GSPC"]
    assert client.get(of.items).json["items"][0] == added.json
    removed = client.delete(f"{of.items}/AAPL")
    assert (removed.status_code, removed.data) == (204, b"")
    assert client.delete(f"{of.items}/AAPL").status_code == 404
    assert client.delete(f"{of.items}/%5EGSPC").status_code == 204


def test_texts_are_changed(client: Client, of: ListPaths) -> None:
    added = client.post(of.items, {"ticker": "AAPL", "notes": "first"}).json

    def change(body: Any) -> Any:
        answer = client("PATCH", f"{of.items}/aapl", json=body)
        assert answer.status_code == 200, answer.json
        assert client.get(of.items).json["items"] == [answer.json]
        return answer.json

    assert change({}) == added
    assert change({"notes": "two\nlines"}) == {**added, "notes": "two\nlines"}
    assert change({"name": "Äpple"}) == {**added, "name": "Äpple", "notes": "two\nlines"}
    assert change({"notes": None}) == {**added, "name": "Äpple", "notes": None}
    assert change({"name": None, "notes": "x" * 2000}) == {**added, "name": None, "notes": "x" * 2000}
    assert change({"after": None}) == {**added, "name": None, "notes": "x" * 2000, "position": added["position"]}


def test_changes_are_refused(client: Client, of: ListPaths) -> None:
    added = client.post(of.items, {"ticker": "AAPL", "notes": "first"}).json
    for body, field in (
        ({"notes": "x" * 2001}, "notes"),
        ({"notes": "\x00"}, "notes"),
        ({"notes": 5}, "notes"),
        ({"name": "a\nb"}, "name"),
        ({"ticker": "IBM"}, "ticker"),
        ({"position": 5}, "position"),
    ):
        refused = client("PATCH", f"{of.items}/AAPL", json=body)
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, field)
    missing = client("PATCH", f"{of.items}/IBM", json={"notes": "x"})
    assert (missing.status_code, missing.json["detail"]) == (404, "IBM is not on the watchlist.")
    assert client("PATCH", f"{of.items}/AAPL", data="[]", content_type="application/json").status_code == 422
    assert client.get(of.items).json["items"] == [added]


def test_several_at_once(client: Client, of: ListPaths) -> None:
    client.post(of.items, {"ticker": "IBM", "notes": "mine"})
    answer = client.post(of.many, {"tickers": ["msft", "IBM", "NOSUCH", "MSFT", "AAPL"], "notes": "new", "without_prices": "skip"})
    assert answer.status_code == 200
    assert answer.json["items"] == [
        {"ticker": "MSFT", "name": "Microsoft Corporation", "outcome": "added", "has_prices": True},
        {"ticker": "IBM", "name": "International Business Machines Corporation", "outcome": "already", "has_prices": True},
        {"ticker": "NOSUCH", "name": None, "outcome": "no_prices", "has_prices": False},
        {"ticker": "AAPL", "name": "Apple Inc.", "outcome": "added", "has_prices": True},
    ]
    items = {item["ticker"]: item for item in client.get(of.items).json["items"]}
    assert {ticker: item["notes"] for ticker, item in items.items()} == {"IBM": "mine", "MSFT": "new", "AAPL": "new"}
    assert sorted(items, key=lambda ticker: items[ticker]["position"]) == ["IBM", "MSFT", "AAPL"]
    again = client.post(of.many, {"tickers": ["NOSUCH", "AAPL"]}).json["items"]
    assert [(item["ticker"], item["outcome"], item["has_prices"]) for item in again] == [
        ("NOSUCH", "added", False),
        ("AAPL", "already", True),
    ]


def test_bad_ones_of_several_are_named(client: Client, of: ListPaths) -> None:
    refused = client.post(of.many, {"tickers": ["AAPL", "A B", "", "é"]})
    assert (refused.status_code, [error["field"] for error in refused.json["errors"]]) == (422, ["tickers.1", "tickers.2", "tickers.3"])
    for body in ({"tickers": []}, {"tickers": ["A"] * 501}, {"tickers": ["A"], "without_prices": "ask"}, {}):
        assert client.post(of.many, body).status_code == 422
    assert client.get(of.items).json["items"] == []


def test_a_full_request(client: Client, of: ListPaths) -> None:
    tickers = [f"T{number:03}" for number in range(500)]
    answer = client.post(of.many, {"tickers": tickers}).json["items"]
    assert {item["outcome"] for item in answer} == {"added"}
    assert [item["ticker"] for item in client.get(f"/overview?sort=position&list={of.list_id}").json["items"]] == tickers


def test_watchlist_pages(client: Client, of: ListPaths) -> None:
    for number in range(7):
        client.post(of.items, {"ticker": f"T{number}"})
    first = client.get(f"{of.items}?limit=4").json
    second = client.get(f"{of.items}?limit=4&cursor={first['next_cursor']}").json
    assert [item["ticker"] for item in first["items"] + second["items"]] == [f"T{number}" for number in range(7)]


def test_strategies(client: Client) -> None:
    answer = client.get("/strategies").json
    assert [item["id"] for item in answer["items"]] == ["balanced", "trend", "reversion", "breakout", "weekly"]
    assert answer["items"][4]["reward_risk"] == 1.33
