"""The inbox: read and unread, filtered, page by page, and only one's own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kit.alerting import Evening, Said, alerts, make_rule, weekday
from kit.jobs import UNKNOWN_ID, another_organization
from kit.support import Client

import database
from features.alerts.retention import prune_alerts
from features.alerts.service import mark_all_read
from utils.clock import now

TICKERS = [f"T{number}" for number in range(5)]


@pytest.fixture
def inbox(client: Client, evening: Evening) -> list[str]:
    """Five alerts, oldest first."""
    make_rule(client, tickers=TICKERS)
    evening.run(weekday(0), *(Said(0.0, ticker=ticker) for ticker in TICKERS))
    evening.run(weekday(1), *(Said(0.3, ticker=ticker) for ticker in TICKERS))
    return [alert["id"] for alert in alerts(client)]


def unread(client: Client) -> int:
    count: int = client.get("/alerts/unread-count").json["unread"]
    return count


def test_alerts_are_marked_one_by_one(client: Client, inbox: list[str]) -> None:
    assert unread(client) == 5
    first = client.post(f"/alerts/{inbox[0]}/read").json["read_at"]
    assert client.post(f"/alerts/{inbox[0]}/read").json["read_at"] == first
    assert unread(client) == 4
    assert [alert["id"] for alert in alerts(client, "&unread=false")] == inbox[:1]
    assert [alert["id"] for alert in alerts(client, "&unread=true")] == inbox[1:]
    assert client.post(f"/alerts/{inbox[0]}/unread").json["read_at"] is None
    assert unread(client) == 5


def test_all_are_marked_up_to_the_newest_that_was_seen(client: Client, inbox: list[str]) -> None:
    assert client.post("/alerts/read-all", {"through": inbox[2]}).json == {"read": 3}
    assert [alert["id"] for alert in alerts(client, "&unread=true")] == inbox[3:]
    assert mark_all_read(database.current(), 1, None, batch=1) == 2
    assert client.post("/alerts/read-all", {}).json == {"read": 0}


def test_the_number_of_unread_alerts_is_asked_cheaply(client: Client, inbox: list[str]) -> None:
    answer = client.get("/alerts/unread-count")
    assert answer.json == {"unread": 5, "newest": inbox[-1]}
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert client.get("/alerts/unread-count", headers=tag).status_code == 304
    client.post(f"/alerts/{inbox[1]}/read")
    assert client.get("/alerts/unread-count", headers=tag).json["unread"] == 4


def test_pages_and_filters(client: Client, inbox: list[str]) -> None:
    page = client.get("/alerts?limit=2").json
    rest = client.get(f"/alerts?limit=50&cursor={page['next_cursor']}").json
    assert [alert["id"] for alert in page["items"] + rest["items"]] == inbox[::-1]
    assert rest["next_cursor"] is None
    assert [alert["ticker"] for alert in alerts(client, "&ticker=t3")] == ["T3"]
    assert alerts(client, f"&rule={UNKNOWN_ID}") == []
    assert client.get(f"/alerts?unread=true&cursor={page['next_cursor']}").status_code == 422
    page = client.get("/alerts?limit=2&unread=true").json
    assert len(client.get(f"/alerts?unread=true&cursor={page['next_cursor']}").json["items"]) == 3


def test_another_organization_sees_and_changes_none_of_it(client: Client, inbox: list[str]) -> None:
    key = another_organization()
    rule = client.get("/alert-rules").json["items"][0]["id"]
    assert client.get("/alerts", key=key).json["items"] == []
    assert client.get("/alerts/unread-count", key=key).json == {"unread": 0, "newest": None}
    assert client.get("/alert-rules", key=key).json["items"] == []
    for method, path in (
        ("POST", f"/alerts/{inbox[0]}/read"),
        ("POST", f"/alerts/{inbox[0]}/unread"),
        ("GET", f"/alert-rules/{rule}"),
        ("GET", f"/alert-rules/{rule}/states"),
        ("DELETE", f"/alert-rules/{rule}"),
    ):
        assert client(method, path, key=key).status_code == 404
    assert client("PATCH", f"/alert-rules/{rule}", json={"name": "Theirs"}, key=key).status_code == 404
    assert client.post(f"/alert-rules/{rule}/test", {}, key=key).status_code == 404
    client.post("/alerts/read-all", {}, key=key)
    assert unread(client) == 5


def test_old_alerts_are_removed(client: Client, inbox: list[str]) -> None:
    assert prune_alerts(database.current(), now() + timedelta(days=364)) == 0
    assert prune_alerts(database.current(), now() + timedelta(days=366), batch=2) == len(inbox)
    assert alerts(client) == []
