"""Series from a provider that answers as FRED does: fetched once a day, shared by all, and what becomes of faults."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.jobs import items_of, options_for, working
from kit.macro import days_to, series_file
from kit.receivers import LOOPBACK, Received, Receiver, Returned, receiving
from kit.support import Client, settings_for

import database
from api.application import Application
from features.macro.feature import FEATURE
from features.macro.kinds import MacroFetching
from features.macro.upkeep import queue_due
from models.job import Lane
from utils.clock import now, parse_iso, today

SERIES = ("UNRATE", "SP500")


def answer(received: Received) -> Returned:
    name = received.path.rpartition("=")[2]
    return Returned(200, series_file(days_to(today(), 5), [1, 2, None, 4, 5], name).encode(), {"Content-Type": "text/csv"})


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiving(answer) as made:
        yield made


@pytest.fixture
def kind(server: Receiver, tmp_path: Path) -> MacroFetching:
    networks = {"webhook_allowed_networks": ",".join(LOOPBACK)}
    return MacroFetching(settings_for(f"sqlite:///{tmp_path}/unused.db", tmp_path, fred_url=server.url("/csv"), **networks))


def fetch(app: Application, kind: MacroFetching, later: timedelta = timedelta()) -> int:
    queued = queue_due(database.current(), app.services.flags, SERIES, now() + later)
    with working("fetcher", options=options_for([kind], Lane.NETWORK)) as executor:
        executor.drain()
    return queued


def fetches() -> dict[str, Any]:
    return {row["series"]: row for row in database.query_db("SELECT * FROM macro_fetches")}


def test_series_are_fetched_once_a_day(app: Application, client: Client, kind: MacroFetching, server: Receiver) -> None:
    assert fetch(app, kind) == 2
    assert [received.path for received in server.received] == ["/csv?id=UNRATE", "/csv?id=SP500"]
    items = {item["series"]["series"]: item["series"] for item in client.get("/macro").json["items"]}
    assert {name: (one["own"], one["source"], one["observations"], one["missing"]) for name, one in items.items()} == dict.fromkeys(
        SERIES, (False, "fred", 4, 1)
    )
    assert fetch(app, kind) == fetch(app, kind, timedelta(hours=19)) == 0
    assert fetch(app, kind, timedelta(hours=21)) == 2
    job = client.get("/jobs").json["items"][0]
    assert {item["outcome"] for item in items_of(client, job["id"]).values()} == {"Unchanged"}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (Returned(404), "status 404"),
        (Returned(302, b"", {"Location": "http://10.0.0.1/"}), "status 302"),
        (Returned(200, b"<html>Sign in</html>"), "line 1: The header needs"),
        (Returned(200, b"a" * 6_000_000), "larger than 5 MB"),
        (Returned(200, b"DATE,VALUE", cut=True), "cut off"),
    ],
)
def test_a_fault_is_told_and_keeps_what_is_stored(
    app: Application, client: Client, kind: MacroFetching, server: Receiver, bad: Returned, reason: str
) -> None:
    fetch(app, kind)
    server.answer = lambda received: bad if "UNRATE" in received.path else answer(received)
    fetch(app, kind, timedelta(hours=21))
    job = client.get("/jobs").json["items"][0]
    told = items_of(client, job["id"])
    assert (told["UNRATE"]["error"]["code"], told["SP500"]["status"]) == ("series_failed", "succeeded")
    assert reason in told["UNRATE"]["error"]["message"] == fetches()["UNRATE"]["error"]
    assert client.get("/macro/UNRATE").json["values"] == [1, 2, 4, 5]
    assert fetches()["UNRATE"]["failures"] == 1
    assert fetches()["SP500"]["error"] is None


def test_the_guard_holds_for_the_provider(app: Application, server: Receiver, tmp_path: Path) -> None:
    fetch(app, MacroFetching(settings_for(f"sqlite:///{tmp_path}/unused.db", tmp_path, fred_url=server.url("/csv"))))
    assert server.received == []
    assert {"not public" in row["error"] for row in fetches().values()} == {True}


def test_failures_in_a_row_wait_longer(app: Application, kind: MacroFetching, server: Receiver) -> None:
    server.answer = lambda received: Returned(500)
    pauses = []
    for attempt in range(7):
        fetch(app, kind, timedelta(days=2 * attempt))
        pauses.append(round((_moment(fetches()["UNRATE"]["next_at"]) - now()).total_seconds() / 3600))
    assert pauses == [1, 2, 4, 8, 16, 24, 24]


def test_without_a_provider_nothing_is_done(app: Application, client: Client) -> None:
    assert FEATURE.kinds(app.services.foundation) == FEATURE.maintenance(app.services.foundation) == ()
    assert client.get("/macro").json == {"items": [], "configured": False, "next_cursor": None}
    assert queue_due(database.current(), app.services.flags, ()) == 0
    app.services.flags.change(app.services.flags.find("macro"), False, None, "tests")
    assert queue_due(database.current(), app.services.flags, SERIES) == 0


def _moment(value: Any) -> Any:
    return parse_iso(value) if isinstance(value, str) else value
