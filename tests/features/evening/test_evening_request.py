"""`POST /evening-run`: a schedule and the channel that it tells, by one request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.channels import make_channel, rows
from kit.databases import Backend
from kit.receivers import LOOPBACK
from kit.support import Client, settings_for

import app as application
from api.application import Application
from app import create_app

HOOK = {"name": "Desk", "type": "webhook", "url": "https://127.0.0.1/evening"}


@pytest.fixture
def app(backend: Backend, tmp_path: Path) -> Iterator[Application]:
    """One that may send to this machine."""
    app = create_app(settings_for(backend.url, tmp_path, webhook_allowed_networks=LOOPBACK))
    application.start(app)
    yield app
    application.stop(app)


def test_one_request_makes_both(client: Client) -> None:
    made = client.post("/evening-run", {"strategies": ["trend", "balanced", "trend"], "after_close": 45, "channel": HOOK})
    assert made.status_code == 201
    (schedule,), (channel,) = client.get("/schedules").json["items"], client.get("/channels").json["items"]
    assert made.headers["Location"] == f"/api/v1/schedules/{schedule['id']}"
    assert (made.json["schedule"], made.json["channels"], made.json["refreshes"]) == (schedule, [channel], False)
    assert made.json["secret"].startswith("whsec_")
    assert (schedule["calendar"], schedule["after_close"]) == ("XNYS", "00:45")
    inputs = schedule["params"]["inputs"]
    assert (inputs["strategies"], inputs["channels"], inputs["universe"]) == (["trend", "balanced"], [channel["id"]], "watchlist")


def test_channels_that_there_are_are_told_and_nothing_is_secret(client: Client) -> None:
    make_channel("Mine", "https://127.0.0.1/a")
    made = client.post("/evening-run", {"channels": ["mine"], "refresh": True})
    assert (made.status_code, made.json["secret"], made.json["refreshes"]) == (201, None, True)
    assert [each["name"] for each in made.json["channels"]] == ["Mine"]
    assert len(rows("channels")) == 1


def test_a_repetition_makes_nothing_and_tells_no_secret(client: Client) -> None:
    key = {"Idempotency-Key": "once"}
    first, again = (client.post("/evening-run", {"channel": HOOK}, headers=key) for _ in range(2))
    assert (again.status_code, again.headers["Idempotent-Replayed"], again.json["secret"]) == (201, "true", None)
    assert again.json["schedule"] == first.json["schedule"]
    assert len(rows("channels")) == 1


@pytest.mark.parametrize(
    ("wanted", "status", "told"),
    [
        ({}, 422, "Say who is told"),
        ({"channels": []}, 422, "Say who is told"),
        ({"channels": ["nobody"]}, 404, "nobody"),
        ({"channel": {**HOOK, "url": "http://10.0.0.1/x"}}, 422, "10.0.0.1"),
        ({"channel": {**HOOK, "type": "email"}}, 422, "address"),
        ({"channel": HOOK, "calendar": "NOWHERE"}, 422, "NOWHERE"),
        ({"channel": HOOK, "strategies": []}, 422, "strategies"),
        ({"channel": HOOK, "strategies": ["magic"]}, 422, "strategies"),
        ({"channel": HOOK, "universe": "nowhere"}, 404, "nowhere"),
        ({"channel": HOOK, "name": "a\nb"}, 422, "name"),
    ],
)
def test_what_cannot_be_set_up_says_why_and_leaves_nothing(client: Client, wanted: dict[str, Any], status: int, told: str) -> None:
    refused = client.post("/evening-run", wanted)
    assert refused.status_code == status
    assert told in refused.text
    assert rows("channels") == []
    assert client.get("/schedules").json["items"] == []


def test_a_second_one_needs_another_name(client: Client) -> None:
    assert client.post("/evening-run", {"channel": HOOK}).status_code == 201
    again = client.post("/evening-run", {"channel": {**HOOK, "name": "Other"}})
    assert (again.status_code, again.json["code"]) == (409, "conflict")
    assert len(rows("channels")) == 1


def test_without_schedules_nothing_is_set_up(client: Client) -> None:
    assert client("PUT", "/admin/flags/schedules", json={"enabled": False}).status_code == 200
    refused = client.post("/evening-run", {"channel": HOOK})
    assert (refused.status_code, refused.json["code"]) == (503, "feature_disabled")
    assert rows("channels") == []
