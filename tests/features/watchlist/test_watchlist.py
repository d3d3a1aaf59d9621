"""The watchlist, and the strategies."""

from __future__ import annotations

from kit.support import Client


def test_watchlist(client: Client) -> None:
    added = client.post("/watchlist", {"ticker": "aapl", "notes": "after <script>alert(1)</script>\nearnings"})
    assert added.status_code == 201
    assert (added.json["ticker"], added.json["name"]) == ("AAPL", "Apple Inc.")
    twice = client.post("/watchlist", {"ticker": "AAPL"})
    assert (twice.status_code, twice.json["code"]) == (409, "conflict")
    client.post("/watchlist", {"ticker": "^GSPC", "name": "S&P 500"})
    assert [item["ticker"] for item in client.get("/watchlist").json["items"]] == ["AAPL", "^GSPC"]
    assert client.get("/watchlist").json["items"][0] == added.json
    removed = client.delete("/watchlist/AAPL")
    assert (removed.status_code, removed.data) == (204, b"")
    assert client.delete("/watchlist/AAPL").status_code == 404
    assert client.delete("/watchlist/%5EGSPC").status_code == 204


def test_watchlist_pages(client: Client) -> None:
    for number in range(7):
        client.post("/watchlist", {"ticker": f"T{number}"})
    first = client.get("/watchlist?limit=4").json
    second = client.get(f"/watchlist?limit=4&cursor={first['next_cursor']}").json
    assert [item["ticker"] for item in first["items"] + second["items"]] == [f"T{number}" for number in range(7)]


def test_strategies(client: Client) -> None:
    answer = client.get("/strategies").json
    assert [item["id"] for item in answer["items"]] == ["balanced", "trend", "reversion", "breakout", "weekly"]
    assert answer["items"][4]["reward_risk"] == 1.33
