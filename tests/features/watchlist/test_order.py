"""The order of a watch list by hand, the default one and a named one alike.

Moves, also from several places at once, and the pages of the overview in this order.
"""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.support import Client
from kit.watchlist import LIST_KINDS, ListPaths

import database
from features.watchlist import service
from features.watchlist.service import Changes
from models.errors import WatchlistAnchorNotFound
from models.watchlist import ListKey

TICKERS = ("A", "B", "C", "D", "E")


@pytest.fixture(params=LIST_KINDS)
def of(request: pytest.FixtureRequest, client: Client) -> ListPaths:
    return ListPaths.made(client, request.param)


def follow(client: Client, of: ListPaths, *tickers: str) -> None:
    assert client.post(of.many, {"tickers": list(tickers)}).status_code == 200


def move(client: Client, of: ListPaths, ticker: str, after: str | None) -> Any:
    return client("PATCH", f"{of.items}/{ticker}", json={"after": after})


def by_hand(client: Client, of: ListPaths) -> list[str]:
    return [item["ticker"] for item in client.get(f"/overview?sort=position&list={of.list_id}").json["items"]]


def test_new_tickers_come_last_and_moves_stay(client: Client, of: ListPaths) -> None:
    follow(client, of, "C", "A")
    client.post(of.items, {"ticker": "B"})
    assert by_hand(client, of) == ["C", "A", "B"]
    moved = move(client, of, "B", "C")
    assert (moved.status_code, by_hand(client, of)) == (200, ["C", "B", "A"])
    assert moved.json == next(item for item in client.get(of.items).json["items"] if item["ticker"] == "B")
    move(client, of, "A", None)
    assert by_hand(client, of) == ["A", "C", "B"]
    move(client, of, "A", "A")  # nowhere
    assert by_hand(client, of) == ["A", "C", "B"]
    move(client, of, "A", "B")
    assert by_hand(client, of) == ["C", "B", "A"]
    assert [item["ticker"] for item in client.get(f"/overview?list={of.list_id}").json["items"]] == ["A", "B", "C"]


def test_a_move_behind_what_is_not_followed(client: Client, of: ListPaths) -> None:
    follow(client, of, "A", "B")
    refused = move(client, of, "B", "GONE")
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    assert "GONE is not on the watchlist" in refused.json["detail"]
    assert move(client, of, "GONE", "A").status_code == 404
    assert move(client, of, "B", "no ticker").status_code == 422
    assert by_hand(client, of) == ["A", "B"]


def test_many_moves_to_one_place(client: Client, of: ListPaths) -> None:
    """There is room for about ten moves between two neighbours; then all get new positions."""
    follow(client, of, *TICKERS)
    for _ in range(40):
        for ticker in ("D", "E"):
            assert move(client, of, ticker, "A").status_code == 200
    assert by_hand(client, of) == ["A", "E", "D", "B", "C"]
    for _ in range(30):
        move(client, of, "C", None)
        move(client, of, "B", None)
    assert by_hand(client, of) == ["B", "C", "A", "E", "D"]


def test_items_of_one_position_are_told_apart(client: Client) -> None:
    """An older version adds items at position 0 during a deploy."""
    of = ListPaths.of("default")
    follow(client, of, "X")
    for ticker in ("C", "A", "B"):
        database.execute_db(f"INSERT INTO watchlist_items (org_id, ticker, created_at) VALUES (1, '{ticker}', '2026-11-28T00:00:00Z')")
    assert by_hand(client, of) == ["A", "B", "C", "X"]
    move(client, of, "C", "A")
    assert by_hand(client, of) == ["A", "C", "B", "X"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_any_moves_give_the_order_of_a_list(client: Client, of: ListPaths) -> None:
    follow(client, of, *TICKERS)
    expected = by_hand(client, of)

    @given(ticker=st.sampled_from(TICKERS), after=st.sampled_from([None, *TICKERS]))
    @settings(derandomize=True, max_examples=150, deadline=None)
    def check(ticker: str, after: str | None) -> None:
        with database.transaction() as connection:
            service.change(connection, ListKey(1, of.list_id), ticker, Changes(frozenset({"after"}), after=after))
        if ticker != after:
            expected.remove(ticker)
            expected.insert(0 if after is None else expected.index(after) + 1, ticker)
        assert by_hand(client, of) == expected

    check()


def test_moves_at_once(client: Client, of: ListPaths) -> None:
    """Several people move and add at the same time: nothing is lost, and no two items get the same position."""
    follow(client, of, *(f"T{number:02}" for number in range(20)))
    failed: list[object] = []
    key = ListKey(1, of.list_id)

    def shuffle(own: int) -> None:
        for step in range(10):
            with database.transaction() as connection:
                try:
                    service.change(connection, key, f"T{own:02}", Changes(frozenset({"after"}), after=f"T{(own + step) % 20:02}"))
                except WatchlistAnchorNotFound as error:
                    failed.append(error)
            with database.transaction() as connection:
                service.add(connection, key, f"N{own}X{step}", None, None)

    threads = [threading.Thread(target=shuffle, args=(own,)) for own in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    items = client.get(f"/overview?sort=position&list={of.list_id}").json["items"]
    assert (failed, len(items), len({item["position"] for item in items})) == ([], 60, 60)


def test_pages_in_the_order_by_hand(client: Client, of: ListPaths) -> None:
    follow(client, of, *TICKERS)
    move(client, of, "E", None)
    for table in ("watchlist_items", "named_watchlist_items"):
        database.execute_db(f"UPDATE {table} SET position = 7 WHERE ticker IN ('B', 'C', 'D')")
    whole = by_hand(client, of)
    assert whole == ["E", "B", "C", "D", "A"]
    seen, cursor = [], ""
    while cursor is not None:
        page = client.get(f"/overview?sort=position&limit=2&list={of.list_id}{cursor and '&cursor='}{cursor}").json
        seen += [item["ticker"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == whole
    cursor = client.get("/overview?sort=position&limit=2").json["next_cursor"]
    assert client.get(f"/overview?limit=2&cursor={cursor}").status_code == 422
