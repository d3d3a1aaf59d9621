"""Watch lists with names: making, renaming, moving and deleting them, alone and at once; what is on one list is not on another."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kit.jobs import UNKNOWN_ID, another_organization
from kit.support import Client
from kit.watchlist import ListPaths

import database
from features.watchlist import lists, service
from models.errors import BellwetherError
from models.watchlist import ListKey


def make(client: Client, name: str, **more: Any) -> Any:
    answer = client.post("/watchlists", {"name": name}, **more)
    assert answer.status_code == 201, answer.json
    return answer.json


def change(client: Client, list_id: str, **body: Any) -> Any:
    return client("PATCH", f"/watchlists/{list_id}", json=body)


def names(client: Client, **more: Any) -> list[str]:
    return [each["name"] for each in client.get("/watchlists", **more).json["items"]]


def tickers(client: Client, list_id: str) -> list[str]:
    return [item["ticker"] for item in client.get(f"/watchlists/{list_id}/items").json["items"]]


def test_a_list_is_made_read_renamed_and_deleted(client: Client) -> None:
    answer = client.post("/watchlists", {"name": "  Banks of  Europe "})
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1/watchlists/{answer.json['id']}")
    made = answer.json
    assert (made["name"], made["is_default"], made["count"], made["has_ticker"]) == ("Banks of  Europe", False, 0, None)
    assert client.get(f"/watchlists/{made['id']}").json == made
    renamed = change(client, made["id"], name="Ünïversal 銀行 🏦").json
    assert renamed == {**made, "name": "Ünïversal 銀行 🏦", "updated_at": renamed["updated_at"]}
    assert change(client, made["id"]).json == renamed
    removed = client.delete(f"/watchlists/{made['id']}")
    assert (removed.status_code, removed.data) == (204, b"")
    assert names(client) == ["Watchlist"]
    for method, path, body in (
        ("GET", "", None), ("PATCH", "", {"name": "x"}), ("DELETE", "", None), ("GET", "/items", None), ("GET", "/items/AAPL", None),
        ("POST", "/items", {"ticker": "AAPL"}), ("POST", "/items/batch", {"tickers": ["AAPL"]}), ("DELETE", "/items/AAPL", None),
        ("PATCH", "/items/AAPL", {"notes": "x"}),
    ):  # fmt: skip
        answer = client(method, f"/watchlists/{made['id']}{path}", json=body)
        assert (answer.status_code, answer.json["code"], "no watch list" in answer.json["detail"]) == (404, "not_found", True), path
    assert client.get(f"/overview?list={made['id']}").status_code == 404


def test_the_default_list_is_always_there(client: Client) -> None:
    client.post("/watchlist", {"ticker": "AAPL"})
    expected = {
        "id": "default", "name": "Watchlist", "is_default": True, "count": 1, "has_ticker": None, "created_at": None, "updated_at": None,
    }  # fmt: skip
    assert client.get("/watchlists").json == {"items": [expected], "next_cursor": None}
    assert client.get("/watchlists/default").json == expected
    for answer in (
        client.delete("/watchlists/default"),
        change(client, "default", name="Mine"),
        change(client, "default", after="default"),
    ):
        assert (answer.status_code, answer.json["code"]) == (409, "conflict")
        assert "default watch list cannot be deleted" in answer.json["detail"]
    assert tickers(client, "default") == ["AAPL"]


def test_the_default_list_is_that_of_watchlist(client: Client) -> None:
    added = client.post("/watchlists/default/items", {"ticker": "AAPL"})
    assert (added.status_code, added.headers["Location"]) == (201, "/api/v1/watchlist/AAPL")
    client.post("/watchlists/default/items/batch", {"tickers": ["IBM"]})
    assert client.get("/watchlist").json == client.get("/watchlists/default/items").json
    assert client.get("/overview?list=default").json == client.get("/overview").json
    client("PATCH", "/watchlists/default/items/IBM", json={"notes": "x"})
    assert client.get("/watchlist/IBM").json["notes"] == "x"
    client.delete("/watchlists/default/items/AAPL")
    assert [item["ticker"] for item in client.get("/watchlist").json["items"]] == ["IBM"]


def test_lists_hold_tickers_apart(client: Client) -> None:
    banks, software = make(client, "Banks")["id"], make(client, "Software")["id"]
    for list_id, notes in ((banks, "of banks"), (software, "of software"), ("default", "of none")):
        assert client.post(f"/watchlists/{list_id}/items", {"ticker": "AAPL", "notes": notes}).status_code == 201
    twice = client.post(f"/watchlists/{banks}/items", {"ticker": "aapl"})
    assert (twice.status_code, f"PATCH /api/v1/watchlists/{banks}/items/AAPL" in twice.json["detail"]) == (409, True)
    client.post(f"/watchlists/{banks}/items", {"ticker": "IBM"})
    client.delete(f"/watchlists/{software}/items/AAPL")
    assert (tickers(client, banks), tickers(client, software), tickers(client, "default")) == (["AAPL", "IBM"], [], ["AAPL"])
    assert client.get(f"/watchlists/{banks}/items/AAPL").json["notes"] == "of banks"
    assert client.get("/watchlist/AAPL").json["notes"] == "of none"
    counts = {each["name"]: (each["count"], each["has_ticker"]) for each in client.get("/watchlists?ticker=ibm").json["items"]}
    assert counts == {"Watchlist": (1, False), "Banks": (2, True), "Software": (0, False)}
    assert client.get("/watchlists?ticker=A%20B").status_code == 422
    overview = client.get(f"/overview?list={banks}").json["items"]
    assert [(item["ticker"], item["notes"]) for item in overview] == [("AAPL", "of banks"), ("IBM", None)]


def test_a_cursor_is_of_its_list(client: Client) -> None:
    first, second = (ListPaths.of(make(client, name)["id"]) for name in ("First", "Second"))
    for paths in (first, second, ListPaths.of("default")):
        client.post(paths.many, {"tickers": ["A", "B"]})
    for path in (f"{first.items}?", f"/overview?list={first.list_id}&"):
        cursor = client.get(f"{path}limit=1").json["next_cursor"]
        assert client.get(f"{path}limit=1&cursor={cursor}").json["next_cursor"] is None
        for other in (path.replace(first.list_id, second.list_id), path.replace(first.list_id, "default")):
            assert client.get(f"{other}limit=1&cursor={cursor}").status_code == 422


@pytest.mark.parametrize("same", ["Banks", "banks", " BANKS ", "Ｂanks", "watchlist", "Watchlist", "Straße", "STRASSE", "a  b"])
def test_names_that_look_alike_are_one(client: Client, same: str) -> None:
    for name in ("Banks", "strasse", "A B"):
        make(client, name)
    other = make(client, "Other")
    for answer in (client.post("/watchlists", {"name": same}), change(client, other["id"], name=same)):
        assert (answer.status_code, answer.json["code"]) == (409, "conflict")
        assert repr(same.strip()) in answer.json["detail"]
    assert names(client) == ["Watchlist", "Banks", "strasse", "A B", "Other"]


def test_a_list_keeps_its_own_name(client: Client) -> None:
    made = make(client, "Banks")
    assert change(client, made["id"], name="BANKS").json["name"] == "BANKS"


@pytest.mark.parametrize(
    "body",
    [
        {}, {"name": ""}, {"name": "   "}, {"name": None}, {"name": 5}, {"name": ["x"]}, {"name": "x" * 61}, {"name": "x\x00"},
        {"name": "a\nb"}, {"name": "x", "id": "default"}, {"name": "x", "position": 1}, [],
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused(client: Client, body: Any) -> None:
    answer = client.post("/watchlists", body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert names(client) == ["Watchlist"]


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "'; DROP TABLE watchlists; --", "%00", "../default", "default", "{items}", "\u202eevil"]
)
def test_hostile_names_are_only_text(client: Client, name: str) -> None:
    made = make(client, name)
    assert (made["name"], names(client)) == (name, ["Watchlist", name])
    assert client.delete(f"/watchlists/{made['id']}").status_code == 204


@pytest.mark.parametrize("list_id", ["x", UNKNOWN_ID, "%00", "1' OR '1'='1", "Default", "x" * 3000])
def test_an_impossible_id_is_not_found(client: Client, list_id: str) -> None:
    for path in (f"/watchlists/{list_id}", f"/watchlists/{list_id}/items", f"/overview?list={list_id}"):
        answer = client.get(path)
        assert (answer.status_code, answer.json["code"]) == (404, "not_found"), path
    assert client.delete(f"/watchlists/{list_id}").status_code == 404
    assert client.post(f"/watchlists/{list_id}/items", {"ticker": "AAPL"}).status_code == 404


def test_lists_are_moved(client: Client) -> None:
    a, b, c = (make(client, name)["id"] for name in "ABC")
    assert change(client, c, after="default").status_code == 200
    assert names(client) == ["Watchlist", "C", "A", "B"]
    assert change(client, c, after=b, name="Z").json["name"] == "Z"
    assert names(client) == ["Watchlist", "A", "B", "Z"]
    change(client, a, after=a)  # nowhere
    for unknown in (UNKNOWN_ID, "x", ""):
        refused = change(client, a, after=unknown, name="Lost")
        assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    assert names(client) == ["Watchlist", "A", "B", "Z"]
    client.delete(f"/watchlists/{b}")
    make(client, "New")
    assert names(client) == ["Watchlist", "A", "Z", "New"]


def test_items_go_with_their_list_and_failures_with_the_last(client: Client) -> None:
    first, second = (make(client, name)["id"] for name in ("First", "Second"))
    for list_id, followed in ((first, ["NOSUCH", "GONE"]), (second, ["NOSUCH"])):
        client.post(f"/watchlists/{list_id}/items/batch", {"tickers": followed})
    for ticker in ("NOSUCH", "GONE", "STRANGER"):
        client.post("/analyze", {"ticker": ticker})
    assert {item["ticker"]: item["failure"]["code"] for item in client.get(f"/overview?list={first}").json["items"]} == {
        "NOSUCH": "ticker_not_found", "GONE": "ticker_not_found",
    }  # fmt: skip
    client.delete(f"/watchlists/{first}")
    assert [row["ticker"] for row in database.query_db("SELECT ticker FROM latest_failures")] == ["NOSUCH"]
    assert [row["list_id"] for row in database.query_db("SELECT list_id FROM named_watchlist_items")] == [second]
    client.post("/watchlist", {"ticker": "NOSUCH"})
    client.delete(f"/watchlists/{second}/items/NOSUCH")
    assert [row["ticker"] for row in database.query_db("SELECT ticker FROM latest_failures")] == ["NOSUCH"]
    client.delete("/watchlist/NOSUCH")
    assert database.query_db("SELECT ticker FROM latest_failures") == []


def test_organizations_do_not_see_each_others_lists(client: Client) -> None:
    other = another_organization()
    mine, theirs = make(client, "Same")["id"], make(client, "Same", key=other)["id"]
    client.post(f"/watchlists/{mine}/items", {"ticker": "AAPL"})
    assert client.get("/watchlists", key=other).json["items"][1]["count"] == 0
    for method, path, body in (
        ("GET", "", None), ("PATCH", "", {"name": "Theirs"}), ("DELETE", "", None), ("GET", "/items", None), ("GET", "/items/AAPL", None),
        ("POST", "/items", {"ticker": "IBM"}), ("POST", "/items/batch", {"tickers": ["IBM"]}), ("DELETE", "/items/AAPL", None),
        ("PATCH", "/items/AAPL", {"notes": "x"}),
    ):  # fmt: skip
        assert client(method, f"/watchlists/{mine}{path}", json=body, key=other).status_code == 404, path
    assert client.get(f"/overview?list={mine}", key=other).status_code == 404
    assert client("PATCH", f"/watchlists/{theirs}", json={"after": mine}, key=other).status_code == 409
    assert (names(client), tickers(client, mine)) == (["Watchlist", "Same"], ["AAPL"])


# ---- at once ----------------------------------------------------------------------------------------------------------------------


def outcomes(calls: list[Callable[[], object]]) -> list[str]:
    """What calls that run at once end with: `done`, or the name of an error."""

    def outcome(call: Callable[[], object]) -> str:
        try:
            call()
        except BellwetherError as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(outcome, calls))


def in_transaction(use: Callable[..., object], *arguments: object, **more: Any) -> Callable[[], object]:
    def call() -> object:
        with database.transaction() as connection:
            return use(connection, *arguments, **more)

    return call


def test_the_limit_and_the_name_hold_at_once(client: Client) -> None:
    """Eight at once with five names, with room for three."""
    ended = outcomes([in_transaction(lists.create, 1, f"List {number % 5}", most=3) for number in range(8)])
    assert ended.count("done") == 3
    assert set(ended) <= {"done", "WatchlistExists", "TooManyWatchlists"}
    stored = names(client)[1:]
    assert (len(stored), len(set(stored))) == (3, 3)
    refused = outcomes([in_transaction(lists.create, 1, "One more", most=3)])
    assert refused == ["TooManyWatchlists"]
    assert outcomes([in_transaction(lists.create, 1, "Another", most=4)]) == ["done"]


def test_a_hundred_lists(client: Client) -> None:
    for number in range(lists.MOST_LISTS):
        make(client, f"List {number}")
    full = client.post("/watchlists", {"name": "One more"})
    assert (full.status_code, full.json["code"], "100 watch lists" in full.json["detail"]) == (409, "conflict", True)
    assert len(names(client)) == 101
    assert names(client, key=another_organization()) == ["Watchlist"]


def test_one_ticker_is_added_once(client: Client) -> None:
    key = ListKey(1, make(client, "Banks")["id"])
    ended = outcomes([in_transaction(service.add, key, "AAPL", None, f"number {number}") for number in range(6)])
    assert sorted(ended) == [*["WatchlistItemExists"] * 5, "done"]
    assert tickers(client, key.list_id) == ["AAPL"]


def test_deleting_a_list_while_tickers_are_added(client: Client) -> None:
    """What comes before the deletion goes with it, what comes after finds no list; nothing is left over."""
    for turn in range(5):
        key = ListKey(1, make(client, f"List {turn}")["id"])
        adding = [in_transaction(service.add, key, f"T{number}", None, None) for number in range(3)]
        ended = outcomes([*adding, in_transaction(lists.delete, key), in_transaction(lists.delete, key)])
        assert sorted(ended[3:]) == ["WatchlistNotFound", "done"]
        assert set(ended[:3]) <= {"done", "WatchlistNotFound"}
    assert database.query_db("SELECT ticker FROM named_watchlist_items") == []


def test_lists_are_moved_and_made_at_once(client: Client) -> None:
    made = [make(client, f"List {number}")["id"] for number in range(4)]
    moves = [in_transaction(lists.change, ListKey(1, made[at]), lists.ListChanges(after=made[at - 1])) for at in range(4)]
    news = [in_transaction(lists.create, 1, f"New {number}") for number in range(4)]
    assert outcomes([*moves, *news]) == ["done"] * 8
    places = [row["position"] for row in database.query_db("SELECT position FROM watchlists ORDER BY position")]
    assert places == list(range(1, 9))
