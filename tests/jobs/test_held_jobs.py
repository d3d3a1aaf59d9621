"""Queued items of an organization whose bulk jobs are switched off: they wait, those of others go on, and nothing is lost or starved."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from kit.jobs import another_organization, claim, end_chunk, item_rows, job_row, options_for, queue_trial, working
from kit.support import Client
from kit.trial import TABLE
from sqlalchemy import text

import database
from jobs.claims import release_worker
from jobs.executor import Executor
from jobs.holding import hold, release_held
from jobs.maintenance import machine_tasks
from jobs.store.item import CLAIM_CHUNK, HELD_FROM, ONE_QUEUED_JOB
from jobs.wakeup import NoWakeup
from models.job import Lane

FIRST, OTHER = 1, 2
KEYS = tuple("ABCDE")


@pytest.fixture(autouse=True)
def _tables(client: Client) -> None:
    another_organization(OTHER)
    with database.transaction() as connection:
        connection.exec_driver_sql(TABLE)


class Switch:
    """For which organizations bulk jobs are on."""

    def __init__(self) -> None:
        self.off: set[int] = set()

    def __call__(self, org_id: int) -> bool:
        return org_id not in self.off


@pytest.fixture
def may_run() -> Switch:
    return Switch()


@contextmanager
def worker(may_run: Switch) -> Iterator[Executor]:
    with working("tester", threading.Event(), replace(options_for(), may_run=may_run)) as executor:
        yield executor


def states(job_id: str) -> set[tuple[str, int]]:
    return {(row["status"], row["tries"]) for row in item_rows(job_id).values()}


def test_they_wait_and_others_go_on(may_run: Switch) -> None:
    held, other = queue_trial(*KEYS, org_id=FIRST), queue_trial(*KEYS, org_id=OTHER)
    may_run.off = {FIRST}
    with worker(may_run) as executor:
        executor.drain()
        assert states(other) == {("succeeded", 1)}
        assert states(held) == {("queued", 0)}
        assert executor.drain() == 0
        assert release_held(database.current(), may_run) == {}
        may_run.off = set()
        assert executor.drain() == 0  # maintenance puts them back
        assert release_held(database.current(), may_run) == {held: Lane.CPU}
        assert release_held(database.current(), may_run) == {}
        assert executor.drain() == len(KEYS)
    assert (states(held), job_row(held)["status"]) == ({("succeeded", 1)}, "completed")
    assert database.query_db("SELECT * FROM held_jobs") == []


def test_each_job_is_held_once_however_large(may_run: Switch) -> None:
    """A worker touches a large job once, not at each claim."""
    held = queue_trial(*(f"K{number}" for number in range(3_000)), org_id=FIRST)
    other = queue_trial(*KEYS, org_id=OTHER)
    may_run.off = {FIRST}
    with worker(may_run) as executor:
        executor.run_chunk()
        assert {row["turn"] >= HELD_FROM for row in item_rows(held).values()} == {True}
        executor.drain()
    assert states(other) == {("succeeded", 1)}


def test_what_is_in_hand_is_finished(may_run: Switch) -> None:
    """Items that were claimed before are run to their end."""
    job_id = queue_trial(*KEYS, org_id=FIRST)
    asked: list[int] = []

    def until_asked_twice(org_id: int) -> bool:
        asked.append(org_id)
        return len(asked) == 1

    with working("tester", threading.Event(), replace(options_for(), may_run=until_asked_twice)) as executor:
        executor.run_chunk()
    assert states(job_id) == {("succeeded", 1)}


def test_an_item_that_was_in_hand_elsewhere_is_held_when_it_comes_back(may_run: Switch) -> None:
    job_id = queue_trial(*KEYS, org_id=FIRST)
    assert claim("lost", 2) is not None
    may_run.off = {FIRST}
    with worker(may_run) as executor:
        executor.drain()
        release_worker(database.current(), "lost")
        executor.drain()
        assert {row["status"] for row in item_rows(job_id).values()} == {"queued"}
    may_run.off = set()
    release_held(database.current(), may_run)
    chunk = claim("tester")
    assert chunk is not None
    assert sorted(item.key for item in chunk.items) == list(KEYS)


def test_a_held_job_can_be_cancelled(client: Client, may_run: Switch) -> None:
    job_id = queue_trial(*KEYS, org_id=FIRST)
    may_run.off = {FIRST}
    with worker(may_run) as executor:
        executor.drain()
        assert client.post(f"/jobs/{job_id}/cancel").status_code == 202
        may_run.off = set()
        release_held(database.current(), may_run)
        executor.drain()
    assert (states(job_id), job_row(job_id)["status"]) == ({("cancelled", 0)}, "cancelled")


def test_a_job_that_is_cancelled_while_it_is_claimed_ends(client: Client, may_run: Switch) -> None:
    job_id = queue_trial(*KEYS, org_id=FIRST)
    chunk = claim("tester")
    assert chunk is not None
    client.post(f"/jobs/{job_id}/cancel")
    may_run.off = {FIRST}
    assert hold(database.current(), chunk, may_run).items == ()
    assert job_row(job_id)["status"] == "cancelled"


def test_new_jobs_take_turns_with_released_ones(may_run: Switch) -> None:
    """Held items come back as if their job were new: neither before all others nor behind them."""
    held = queue_trial(*KEYS, org_id=FIRST)
    may_run.off = {FIRST}
    with worker(may_run) as executor:
        executor.drain()
    other = queue_trial(*KEYS, org_id=OTHER)
    may_run.off = set()
    release_held(database.current(), may_run)
    chunk = claim("tester", 4)
    assert chunk is not None
    assert sorted(item.job_id for item in chunk.items) == sorted([held, held, other, other])


def test_what_others_give_back_does_not_go_behind_the_queue(may_run: Switch) -> None:
    """Where nothing but held items is queued, a given-back item is claimed again all the same."""
    queue_trial(*KEYS, org_id=FIRST)
    other = queue_trial("A", org_id=OTHER)
    may_run.off = {FIRST}
    chunk = claim("another")
    assert chunk is not None
    end_chunk(hold(database.current(), chunk, may_run), {})
    with worker(may_run) as executor:
        executor.drain()
    assert states(other) == {("succeeded", 1)}


def test_maintenance_releases_by_the_flags(client: Client, may_run: Switch) -> None:
    job_id = queue_trial(*KEYS, org_id=FIRST)
    may_run.off = {FIRST}
    with worker(may_run) as executor:
        executor.drain()
    foundation = client.app.services.foundation
    (task,) = [each for each in machine_tasks(foundation, NoWakeup()) if each.name == "release_held"]
    client("PUT", "/organization/flags/bulk_jobs", json={"enabled": False})
    task.run()
    assert len(database.query_db("SELECT * FROM held_jobs")) == 1
    assert client.get(f"/jobs/{job_id}").json["stalled_by"] == "switched_off"
    client("PUT", "/organization/flags/bulk_jobs", json={"enabled": True})
    task.run()
    assert database.query_db("SELECT * FROM held_jobs") == []
    assert {row["turn"] < HELD_FROM for row in item_rows(job_id).values()} == {True}


def test_claiming_is_bound_by_the_index_of_the_queue() -> None:
    """However much is held, a claim reads the queue before it."""
    queue_trial(*KEYS, org_id=FIRST)
    with database.transaction() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if not is_sqlite:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        values = {"lane": Lane.CPU, "limit": 5, "token": "t", "worker": "w", "lease_expires_at": None}
        for statement in (CLAIM_CHUNK.on(connection), ONE_QUEUED_JOB):
            explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
            plan = [str(row[-1] if is_sqlite else row[0]) for row in connection.execute(text(explain + str(statement)), values)]
            assert any("analysis_job_items_queue" in line for line in plan)
            bound = "lane=? AND turn<?" if is_sqlite else f"turn < '{HELD_FROM}'::bigint"
            assert any(bound in line and (is_sqlite or "Index Cond" in line) for line in plan), plan
