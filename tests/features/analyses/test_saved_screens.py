"""Saved screens: a query under a name, unique within its organization, validated like the list itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kit.support import Client

import database
from features.accounts.api_keys import create_key
from features.analyses.screens import save_screen
from models.errors import BellwetherError, TooManyScreens
from utils.clock import now

QUERY = {"verdict": "Buy", "min_rsi": 30.0, "sort": "-distance_percent", "columns": "name,rsi,vote_macd", "changed_days": 7}


def test_a_screen_is_saved_read_changed_and_deleted(client: Client) -> None:
    answer = client.post("/screens", {"name": "  Near the entry ", "query": QUERY})
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1/screens/{answer.json['id']}")
    screen = answer.json
    assert (screen["name"], screen["query"]) == ("Near the entry", QUERY)
    assert client.get(f"/screens/{screen['id']}").json == screen
    renamed = client("PATCH", f"/screens/{screen['id']}", json={"name": "Close by"}).json
    assert renamed == {**screen, "name": "Close by", "updated_at": renamed["updated_at"]}
    changed = client("PATCH", f"/screens/{screen['id']}", json={"query": {"signal": "SELL"}}).json
    assert (changed["name"], changed["query"]) == ("Close by", {"signal": "SELL"})
    assert client.get("/screens").json == {"items": [changed], "next_cursor": None}
    assert client.delete(f"/screens/{screen['id']}").status_code == 204
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"name": "x"})):
        answer = client(method, f"/screens/{screen['id']}", json=body)
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_what_is_the_default_is_not_stored(client: Client) -> None:
    query = {"sort": "-score", "universe": "all", "q": "", "changed_days": None, "strategy": "trend"}
    assert client.post("/screens", {"name": "Trend", "query": query}).json["query"] == {"strategy": "trend"}


def test_names_are_unique_and_listed_in_order(client: Client) -> None:
    for name in ("beta", "Alpha", "Gamma"):
        assert client.post("/screens", {"name": name, "query": {}}).status_code == 201
    twice = client.post("/screens", {"name": "Alpha ", "query": {}})
    assert (twice.status_code, twice.json["code"]) == (409, "conflict")
    assert "'Alpha'" in twice.json["detail"]
    items = client.get("/screens").json["items"]
    assert [item["name"] for item in items] == ["Alpha", "beta", "Gamma"]
    assert client("PATCH", f"/screens/{items[0]['id']}", json={"name": "beta"}).status_code == 409
    assert client("PATCH", f"/screens/{items[0]['id']}", json={"name": "Alpha"}).status_code == 200  # its own name


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "query": {"min_distance": True}},
        {"name": "x", "query": {"min_n": True}},
        {}, {"name": "x"}, {"query": {}}, {"name": "", "query": {}}, {"name": "   ", "query": {}}, {"name": "x" * 61, "query": {}},
        {"name": "x\x00", "query": {}}, {"name": 5, "query": {}}, {"name": "x", "query": []}, {"name": "x", "query": {"sort": "shoe"}},
        {"name": "x", "query": {"columns": "shoe"}}, {"name": "x", "query": {"limit": 5}}, {"name": "x", "query": {"min_rsi": 101}},
        {"name": "x", "query": {"strategy": "x"}}, {"name": "x", "query": {}, "more": 1},
    ],
)  # fmt: skip
def test_what_is_no_screen_is_refused(client: Client, body: dict[str, Any]) -> None:
    answer = client.post("/screens", body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert answer.json["errors"]
    assert client.get("/screens").json["items"] == []


@pytest.mark.parametrize("screen_id", ["x", "01a1fbd8-91c5-76db-ada4-c6947b434124", "%00", "1' OR '1'='1"])
def test_an_impossible_id_is_not_found(client: Client, screen_id: str) -> None:
    assert client.get(f"/screens/{screen_id}").status_code == 404
    assert client.delete(f"/screens/{screen_id}").status_code == 404


def test_organizations_do_not_see_each_others_screens(client: Client) -> None:
    database.execute_db("INSERT INTO organizations (id, name, created_at) VALUES (2, 'Another', :created_at)", {"created_at": now()})
    _, other = create_key(database.current(), 2, "theirs")
    mine = client.post("/screens", {"name": "Same", "query": {}}).json
    assert client.post("/screens", {"name": "Same", "query": {}}, key=other).status_code == 201
    assert client.get(f"/screens/{mine['id']}", key=other).status_code == 404
    assert client("PATCH", f"/screens/{mine['id']}", json={"name": "Theirs"}, key=other).status_code == 404
    assert client.delete(f"/screens/{mine['id']}", key=other).status_code == 404
    assert [item["name"] for item in client.get("/screens").json["items"]] == ["Same"]


def test_the_limit_and_the_name_hold_at_once(client: Client) -> None:
    """Eight at once, of whom four have one name, with room for three."""

    def save(number: int) -> str:
        try:
            return save_screen(database.current(), 1, f"Screen {number % 5}", {}, most=3).name
        except BellwetherError as error:
            return type(error).__name__

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(save, range(8)))
    saved = [item["name"] for item in client.get("/screens").json["items"]]
    assert sorted(one for one in outcomes if one.startswith("Screen ")) == saved
    assert len(saved) == 3
    with pytest.raises(TooManyScreens, match="most"):
        save_screen(database.current(), 1, "One more", {}, most=3)
