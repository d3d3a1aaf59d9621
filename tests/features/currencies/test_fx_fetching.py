"""Rates from a provider that answers with a file of the ECB: fetched several times a day, shared by all, and what becomes of faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.archives import packed
from kit.currencies import DAILY, HISTORY
from kit.jobs import another_organization, items_of, options_for, working
from kit.receivers import LOOPBACK, Received, Receiver, Returned, receiving
from kit.support import Client, settings_for

import database
from api.application import Application
from features.currencies.capabilities import rate_capabilities
from features.currencies.feature import FEATURE
from features.currencies.kinds import RateFetching
from features.currencies.upkeep import queue_due
from infrastructure.capability import Call, Starts
from models.job import Lane
from utils.clock import now, parse_iso


def answer(_: Received) -> Returned:
    return Returned(200, packed({"eurofxref-hist.csv": HISTORY}), {"Content-Type": "application/zip"})


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiving(answer) as made:
        yield made


@pytest.fixture
def kind(server: Receiver, tmp_path: Path) -> RateFetching:
    networks = {"webhook_allowed_networks": ",".join(LOOPBACK)}
    return RateFetching(settings_for(f"sqlite:///{tmp_path}/unused.db", tmp_path, fx_rates_url=server.url("/hist.zip"), **networks))


def work(kind: RateFetching) -> None:
    with working("fetcher", options=options_for([kind], Lane.NETWORK)) as executor:
        executor.drain()


def fetch(app: Application, kind: RateFetching, later: timedelta = timedelta()) -> bool:
    is_new = queue_due(database.current(), app.services.flags, now() + later)
    work(kind)
    return is_new


def noted() -> dict[str, Any]:
    return database.query_db("SELECT * FROM fx_fetches")[0]


def test_rates_are_fetched_several_times_a_day(app: Application, client: Client, kind: RateFetching, server: Receiver) -> None:
    assert fetch(app, kind)
    assert [received.path for received in server.received] == ["/hist.zip"]
    told = client.get("/fx-rates").json
    assert {(item["series"]["own"], item["series"]["source"], item["series"]["rates"]) for item in told["items"]} == {(False, "ecb", 3)}
    assert not fetch(app, kind)
    assert not fetch(app, kind, timedelta(hours=5))
    server.answer = lambda received: Returned(200, DAILY.replace("19 March", "20 March").encode())
    assert fetch(app, kind, timedelta(hours=7))
    assert client.get("/fx-rates/USD").json["dates"][-2:] == ["2024-03-19", "2024-03-20"]
    assert fetch(app, kind, timedelta(hours=14))
    outcomes = [next(iter(items_of(client, job["id"]).values()))["outcome"] for job in client.get("/jobs").json["items"]]
    assert outcomes == ["Unchanged", "Changed", "Changed"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (Returned(404), "status 404"),
        (Returned(302, b"", {"Location": "http://10.0.0.1/"}), "status 302"),
        (Returned(200, b"<html>Sign in</html>"), "cannot be read. line 1: It is no CSV file"),
        (Returned(200, b"a" * 11_000_000), "larger than 10 MB"),
        (Returned(200, HISTORY.encode(), cut=True), "cut off"),
    ],
)
def test_a_fault_is_told_and_keeps_what_is_stored(
    app: Application, client: Client, kind: RateFetching, server: Receiver, bad: Returned, reason: str
) -> None:
    fetch(app, kind)
    server.answer = lambda received: bad
    fetch(app, kind, timedelta(hours=7))
    told = items_of(client, client.get("/jobs").json["items"][0]["id"])["ecb"]
    assert told["error"]["code"] == "rates_failed"
    assert reason in told["error"]["message"] == noted()["error"]
    assert noted()["failures"] == 1
    assert len(client.get("/fx-rates/USD").json["rates"]) == 3


def test_the_guard_holds_for_the_provider(app: Application, server: Receiver, tmp_path: Path) -> None:
    fetch(app, RateFetching(settings_for(f"sqlite:///{tmp_path}/unused.db", tmp_path, fx_rates_url=server.url("/hist.zip"))))
    assert server.received == []
    assert "not public" in noted()["error"]


def test_failures_in_a_row_wait_longer(app: Application, kind: RateFetching, server: Receiver) -> None:
    server.answer = lambda received: Returned(500)
    pauses = []
    for attempt in range(7):
        fetch(app, kind, timedelta(days=2 * attempt))
        at = noted()["next_at"]
        pauses.append(round(((parse_iso(at) if isinstance(at, str) else at) - now()).total_seconds() / 3600))
    assert pauses == [1, 2, 4, 8, 16, 24, 24]
    server.answer = answer
    fetch(app, kind, timedelta(days=20))
    assert (noted()["error"], noted()["failures"]) == (None, 0)


def test_without_a_provider_nothing_is_done(app: Application, client: Client) -> None:
    assert FEATURE.kinds(app.services.foundation) == FEATURE.maintenance(app.services.foundation) == ()
    assert client.get("/fx-rates").json == {"items": [], "configured": False, "fetch": None, "next_cursor": None}
    app.services.flags.change(app.services.flags.find("currencies"), False, None, "tests")
    assert queue_due(database.current(), app.services.flags) is False


def test_a_schedule_may_ask_for_a_fetch(client: Client, kind: RateFetching, server: Receiver) -> None:
    foundation = client.app.services.foundation
    settings = foundation.settings.model_copy(update={"fx_rates_url": server.url("/hist.zip")})
    capability = next(each for each in rate_capabilities(replace(foundation, settings=settings)) if each.name == "refresh_fx_rates")
    assert isinstance(capability.work, Starts)
    jobs = []
    for _ in range(2):
        with database.transaction() as connection:
            jobs.append(capability.work.start(connection, Call(1, "k", "test"), capability.inputs.model_validate({})).job_id)
    assert jobs[0] == jobs[1]
    work(kind)
    assert client.get(f"/jobs/{jobs[0]}").json["status"] == "completed"
    assert len(client.get("/fx-rates", key=another_organization()).json["items"]) == 5
