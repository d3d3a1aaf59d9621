"""How far a job is, how long it will take, and what keeps it from getting on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from kit.jobs import appear, ask, claim, end_chunk, end_items, run_jobs
from kit.support import Client

import database
from infrastructure.metrics import Metrics
from jobs.event_routes import states
from jobs.feed import JobFeed
from jobs.service import find
from jobs.stalls import Situation, StallWatch
from models.api_key import FIRST_ORG
from models.job import Fault, Lane, Waiting
from utils.clock import now


def test_progress_and_the_time_that_is_left(client: Client) -> None:
    appear(Lane.CPU)
    job_id = ask(client, "AAPL", "FB", "GOOG", "NOPE")["id"]
    chunk = claim("w", 4)
    assert chunk is not None
    assert client.get(f"/jobs/{job_id}").json["eta_seconds"] is None
    nope = next(item for item in chunk.items if item.key == "NOPE")
    end_items(chunk, {nope: Fault("ticker_not_found", "Why.")})
    database.execute_db(
        "UPDATE analysis_jobs SET started_at = :start WHERE id = :id", {"start": now() - timedelta(seconds=10), "id": job_id}
    )
    job = client.get(f"/jobs/{job_id}").json
    assert (job["status"], job["completed"], job["failed"], job["progress"]) == ("processing", 1, 1, 0.25)
    assert job["stalled_by"] is None
    assert 30 <= job["eta_seconds"] < 40


def test_what_keeps_a_job_from_getting_on(client: Client) -> None:
    appear(Lane.NETWORK)
    asked = ask(client, "AAPL", "FB")
    assert asked["stalled_by"] == "no_worker", "a worker of another lane does not count"
    chunk = claim("w", 1)
    assert chunk is not None
    end_chunk(chunk, {chunk.items[0]: Fault("internal_error", "Why.")})
    for read in (lambda: client.get(f"/jobs/{asked['id']}").json, lambda: client.get("/jobs").json["items"][0]):
        assert (read()["status"], read()["stalled_by"], read()["eta_seconds"]) == ("processing", "no_worker", None)
    flag = "/admin/flags/bulk_jobs"
    client("PUT", flag, json={"enabled": False, "reason": "the database is overloaded"})
    assert client.get(f"/jobs/{asked['id']}").json["stalled_by"] == "switched_off"
    client("PUT", flag, json={"enabled": True})
    run_jobs()
    assert client.get(f"/jobs/{asked['id']}").json.items() >= {"status": "completed", "stalled_by": None, "eta_seconds": 0.0}.items()


class SilentFeed(JobFeed):
    """A feed in which nothing changes, whose time without a change is always over."""

    def wait(self, job_id: str, version: int, seconds: float) -> None:
        """Nothing."""


def test_a_stream_tells_when_a_job_cannot_get_on_and_when_it_can(client: Client) -> None:
    is_paused = False
    job = find(database.current(), FIRST_ORG, ask(client, "AAPL")["id"])
    appear(Lane.CPU)
    feed = SilentFeed(database.current(), None, 1, Metrics())
    watch = StallWatch(database.current(), lambda org_id: is_paused)
    with feed.watch(job):
        told = states(feed, lambda: watch.situation(FIRST_ORG), job, 0, lambda: True)

        def next_stall() -> Any:
            state = next(told)
            return "silence" if state is None else state[1].stall_of(state[0])

        assert [next_stall(), next_stall()] == [None, "silence"]
        is_paused = True
        assert [next_stall(), next_stall()] == ["switched_off", "silence"]
        is_paused = False
        assert [next_stall(), next_stall()] == [None, "silence"]


class GivenWatch(StallWatch):
    """A watch that sees what a test gives it."""

    def __init__(self, given: Situation) -> None:
        self.given = given

    def situation(self, _: int) -> Situation:
        """What is given."""
        return self.given


def test_a_stream_tells_when_items_wait_and_until_when(client: Client) -> None:
    job = find(database.current(), FIRST_ORG, ask(client, "AAPL")["id"])
    watch = GivenWatch(Situation(frozenset(Lane), is_paused=False))
    feed = SilentFeed(database.current(), None, 1, Metrics())
    with feed.watch(job):
        told = states(feed, lambda: watch.given, job, 0, lambda: True)

        def next_wait() -> Any:
            state = next(told)
            return "silence" if state is None else state[1].waiting_of(state[0])

        assert [next_wait(), next_wait()] == [None, "silence"]
        for items in (2, 1):
            waiting = Waiting(items, now(), now())
            watch.given = Situation(frozenset(Lane), is_paused=False, delays={job.id: waiting})
            assert [next_wait(), next_wait()] == [waiting, "silence"]
        watch.given = Situation(frozenset(Lane), is_paused=False)
        assert [next_wait(), next_wait()] == [None, "silence"]


def test_a_poll_sees_that_items_wait_though_the_version_is_the_same(client: Client) -> None:
    """Browsers ask with the tag of the answer that they have."""
    path = f"/jobs/{ask(client, 'AAPL')['id']}"
    watch = GivenWatch(Situation(frozenset(Lane), is_paused=False))
    client.app.services = replace(client.app.services, stalls=watch)
    first = client.get(path)
    tag, told = first.headers["ETag"], []
    assert (tag, first.json["waiting"]) == ('"1"', None)
    job_id = first.json["id"]
    for hours in (1, 2):
        waiting = Waiting(1, now() + timedelta(hours=hours), now() + timedelta(hours=hours))
        watch.given = Situation(frozenset(Lane), is_paused=False, delays={job_id: waiting})
        answer = client.get(f"{path}?seen=1", headers={"If-None-Match": tag})
        assert (answer.status_code, answer.json["version"]) == (200, 1)
        tag = answer.headers["ETag"]
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
        told.append(answer.json["waiting"]["last_at"])
    assert told[0] < told[1]
    assert client.post(f"{path}/cancel", headers={"If-Match": tag}).status_code == 202
