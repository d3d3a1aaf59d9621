"""The order of the watchlist by hand: moves, from several places at once, and the pages of the overview in this order."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.support import Client

import database
from features.watchlist import service
from features.watchlist.service import Changes
from models.errors import WatchlistAnchorNotFound

TICKERS = ("A", "B", "C", "D", "E")


def follow(client: Client, *tickers: str) -> None:
    assert client.post("/watchlist/items", {"tickers": list(tickers)}).status_code == 200


def move(client: Client, ticker: str, after: str | None) -> Any:
    return client("PATCH", f"/watchlist/{ticker}", json={"after": after})


def by_hand(client: Client) -> list[str]:
    return [item["ticker"] for item in client.get("/overview?sort=position").json["items"]]


def test_new_tickers_come_last_and_moves_stay(client: Client) -> None:
    follow(client, "C", "A")
    client.post("/watchlist", {"ticker": "B"})
    assert by_hand(client) == ["C", "A", "B"]
    moved = move(client, "B", "C")
    assert (moved.status_code, by_hand(client)) == (200, ["C", "B", "A"])
    assert moved.json == next(item for item in client.get("/watchlist").json["items"] if item["ticker"] == "B")
    move(client, "A", None)
    assert by_hand(client) == ["A", "C", "B"]
    move(client, "A", "A")  # nowhere
    assert by_hand(client) == ["A", "C", "B"]
    move(client, "A", "B")
    assert by_hand(client) == ["C", "B", "A"]
    assert [item["ticker"] for item in client.get("/overview").json["items"]] == ["A", "B", "C"]


def test_a_move_behind_what_is_not_followed(client: Client) -> None:
    follow(client, "A", "B")
    refused = move(client, "B", "GONE")
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    assert "GONE is not on the watchlist" in refused.json["detail"]
    assert move(client, "GONE", "A").status_code == 404
    assert move(client, "B", "no ticker").status_code == 422
    assert by_hand(client) == ["A", "B"]


def test_many_moves_to_one_place(client: Client) -> None:
    """There is room for about ten moves between two neighbours; then all get new positions."""
    follow(client, *TICKERS)
    for _ in range(40):
        for ticker in ("D", "E"):
            assert move(client, ticker, "A").status_code == 200
    assert by_hand(client) == ["A", "E", "D", "B", "C"]
    for _ in range(30):
        move(client, "C", None)
        move(client, "B", None)
    assert by_hand(client) == ["B", "C", "A", "E", "D"]


def test_items_of_one_position_are_told_apart(client: Client) -> None:
    """An older version adds items at position 0 during a deploy."""
    follow(client, "X")
    for ticker in ("C", "A", "B"):
        database.execute_db(f"INSERT INTO watchlist_items (org_id, ticker, created_at) VALUES (1, '{ticker}', '2026-11-28T00:00:00Z')")
    assert by_hand(client) == ["A", "B", "C", "X"]
    move(client, "C", "A")
    assert by_hand(client) == ["A", "C", "B", "X"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_any_moves_give_the_order_of_a_list(client: Client) -> None:
    follow(client, *TICKERS)
    expected = by_hand(client)

    @given(ticker=st.sampled_from(TICKERS), after=st.sampled_from([None, *TICKERS]))
    @settings(derandomize=True, max_examples=150, deadline=None)
    def check(ticker: str, after: str | None) -> None:
        with database.transaction() as connection:
            service.change(connection, 1, ticker, Changes(frozenset({"after"}), after=after))
        if ticker != after:
            expected.remove(ticker)
            expected.insert(0 if after is None else expected.index(after) + 1, ticker)
        assert by_hand(client) == expected

    check()


def test_moves_at_once(client: Client) -> None:
    """Several people move and add at the same time: nothing is lost, and no two items get the same position."""
    follow(client, *(f"T{number:02}" for number in range(20)))
    failed: list[object] = []

    def shuffle(own: int) -> None:
        for step in range(10):
            with database.transaction() as connection:
                try:
                    service.change(connection, 1, f"T{own:02}", Changes(frozenset({"after"}), after=f"T{(own + step) % 20:02}"))
                except WatchlistAnchorNotFound as error:
                    failed.append(error)
            with database.transaction() as connection:
                service.add(connection, 1, f"N{own}X{step}", None, None)

    threads = [threading.Thread(target=shuffle, args=(own,)) for own in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    items = client.get("/overview?sort=position").json["items"]
    assert (failed, len(items), len({item["position"] for item in items})) == ([], 60, 60)


def test_pages_in_the_order_by_hand(client: Client) -> None:
    follow(client, *TICKERS)
    move(client, "E", None)
    database.execute_db("UPDATE watchlist_items SET position = 7 WHERE ticker IN ('B', 'C', 'D')")
    whole = by_hand(client)
    assert whole == ["E", "B", "C", "D", "A"]
    seen, cursor = [], ""
    while cursor is not None:
        page = client.get(f"/overview?sort=position&limit=2{cursor and '&cursor='}{cursor}").json
        seen += [item["ticker"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == whole
    cursor = client.get("/overview?sort=position&limit=2").json["next_cursor"]
    assert client.get(f"/overview?limit=2&cursor={cursor}").status_code == 422
