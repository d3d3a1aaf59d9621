"""Events over HTTP: those of callers, the list, and the stream."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from kit.events import Heard
from kit.jobs import another_organization
from kit.support import MASTER_KEY, Client

import database
from api.application import Application
from infrastructure.outbox import record
from models.api_key import SHARED_ORG
from models.event import EventType, NewEvent
from utils.json_text import parse_tolerant

MINE = {"type": "desk.rebalanced", "subject": "AAPL", "data": {"weights": [0.5, 0.5]}}


def test_an_event_is_stored_and_found(client: Client) -> None:
    answer = client.post("/events", MINE)
    assert answer.status_code == 201
    event = answer.json
    assert {name: event[name] for name in MINE} == MINE
    assert event["created_by"] == "master"
    assert answer.headers["Location"] == f"/api/v1/events/{event['id']}"
    assert client.get(answer.headers["Location"]).json["id"] == event["id"]
    assert client.get("/events").json["items"][0]["id"] == event["id"]


def test_a_key_is_stored_once(client: Client) -> None:
    first = client.post("/events", {**MINE, "key": "monday"})
    again = client.post("/events", {**MINE, "key": "monday", "data": {}})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json


def test_an_idempotency_key_repeats_the_answer(client: Client) -> None:
    headers = {"Idempotency-Key": "one"}
    first, again = (client.post("/events", MINE, headers=headers) for _ in range(2))
    assert first.json == again.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert client.post("/events", {**MINE, "subject": "IBM"}, headers=headers).json["code"] == "idempotency_mismatch"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "result.verdict_changed"}, "type"),
        ({"type": "alert.mine"}, "type"),
        ({"type": "plain"}, "type"),
        ({"type": "Up.Per"}, "type"),
        ({"type": "a.b\n"}, "type"),
        ({"type": "a.b", "subject": ""}, "subject"),
        ({"type": "a.b", "subject": "x\x00"}, "subject"),
        ({"type": "a.b", "key": "k" * 201}, "key"),
        ({"type": "a.b", "data": []}, "data"),
        ({"type": "a.b", "data": {"text": "x" * 20_000}}, "data"),
        ({"type": "a.b", "more": 1}, "more"),
        ({}, "type"),
    ],
)
def test_what_is_no_event_is_refused(client: Client, body: dict[str, Any], field: str) -> None:
    answer = client.post("/events", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_pages_filters_and_other_organizations(client: Client) -> None:
    key = another_organization()
    ids = [client.post("/events", {"type": "a.b", "subject": str(number)}).json["id"] for number in range(5)]
    client.post("/events", {"type": "a.c"})
    client.post("/events", {"type": "a.b"}, key=key)
    first = client.get("/events?type=a.b&limit=3").json
    second = client.get(f"/events?type=a.b&limit=3&cursor={first['next_cursor']}").json
    assert [event["id"] for event in (*first["items"], *second["items"])] == ids[::-1]
    assert second["next_cursor"] is None
    assert [event["id"] for event in client.get("/events?subject=2").json["items"]] == [ids[2]]
    assert client.get(f"/events/{ids[0]}", key=key).status_code == 404
    assert client.get("/events/nonsense").status_code == 404


def test_events_of_shared_prices_are_everybodys(client: Client) -> None:
    with database.transaction() as connection:
        record(connection, SHARED_ORG, [NewEvent(EventType.PRICES_REFRESHED, "p", "AAPL")])
    assert [event["subject"] for event in client.get("/events?type=prices.refreshed", key=another_organization()).json["items"]] == ["AAPL"]


def pieces(answer: Any) -> Iterator[dict[str, str]]:
    """The events of a stream as their fields."""
    for piece in answer.response:
        lines = [line for line in piece.decode().splitlines() if line and not line.startswith(":")]
        yield dict(line.split(": ", 1) for line in lines)


def follow(client: Client, query: str = "", **headers: str) -> Any:
    return client.http.get(f"/api/v1/events/stream{query}", headers={"X-API-Key": MASTER_KEY, **headers}, buffered=False)


def test_a_stream_goes_on_where_it_ended(client: Client) -> None:
    for number in range(3):
        client.post("/events", {"type": "a.b", "subject": str(number)})
    Heard().listen()
    stream = follow(client, "?after=0")
    told = list(islice((one for one in pieces(stream) if "data" in one), 3))
    stream.close()
    assert [parse_tolerant(one["data"])["subject"] for one in told] == ["0", "1", "2"]
    assert {one["event"] for one in told} == {"a.b"}
    stream = follow(client, "?after=0", **{"Last-Event-ID": told[1]["id"]})
    assert next(one for one in pieces(stream) if "data" in one)["id"] == told[2]["id"]
    stream.close()


def test_what_is_not_handed_out_is_not_streamed(client: Client) -> None:
    client.post("/events", {"type": "a.b"})
    stream = follow(client, "?after=0")
    said = pieces(stream)
    assert "retry" in next(said)
    assert next(said) == {}  # still there
    stream.close()


def test_streams_are_limited_together(client: Client, app: Application) -> None:
    streams = [follow(client) for _ in range(app.services.settings.streams_per_worker)]
    assert follow(client).json["code"] == "too_many_streams"
    for stream in streams:
        next(stream.response)
        stream.close()
    again = follow(client)
    assert again.status_code == 200
    again.close()
