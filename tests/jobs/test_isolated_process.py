"""Keys whose worker was lost: they run alone, and only what they do there to their own process counts against them."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Any

import pytest
from kit.isolation import AT_ONCE, Isolation, assert_all_succeeded, codes, lose_a_worker, statuses
from kit.jobs import (
    SAMPLE,
    claim,
    item_rows,
    job_row,
    options_for,
    queue,
    queue_trial,
    release_worker,
    rescue_expired,
    run_jobs,
    working,
)
from kit.servers import wait_until
from kit.support import Client
from kit.trial import TrialKind
from sqlalchemy.exc import SQLAlchemyError

import database
from jobs import service as job_service
from jobs.isolated_process import StrikeCounts
from jobs.kind import IsolationLimits
from models.job import Lane, Work

SUSPENDED, SILENT = "once signal SIGSTOP", "once hang"


def test_suspects_run_in_a_process_of_their_own(isolation: Isolation) -> None:
    class Together(TrialKind):
        def run(self, *_: Any) -> Any:
            raise AssertionError("a suspect ran among others")

    isolation.kinds = (Together(Lane.CPU),)
    job_id = lose_a_worker(*SAMPLE, "NOPE", params=isolation.params(NOPE="fail"))
    with isolation.worker() as worker:
        worker.drain()
    assert len(isolation.started) == 1  # one after the other in the same
    assert job_row(job_id).items() >= {"status": "completed", "succeeded": 5, "failed": 1}.items()
    assert {row["tries"] for row in item_rows(job_id).values()} == {2}
    assert codes(job_id) == {"NOPE": "trial_failed"}


def test_analyses_run_alone_as_they_do_together(client: Client, isolation: Isolation) -> None:
    job_id = queue(*SAMPLE, "NOPE")
    claim("dead")
    release_worker("dead")
    run_jobs()
    assert len(isolation.started) == 1
    assert job_row(job_id).items() >= {"status": "completed", "succeeded": 5, "failed": 1}.items()
    assert codes(job_id) == {"NOPE": "ticker_not_found"}
    assert len(client.get("/results").json["items"]) == 5


# ---- what counts against a key ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        pytest.param("exit", "exit code 9", id="exits"),
        pytest.param("signal SIGSEGV", "signal 11", id="crashes"),
        pytest.param("abort", "signal 6", id="aborts"),
        pytest.param("loop", "more than 1 s of CPU time", id="uses too much CPU time"),
    ],
)
def test_only_the_key_that_kills_its_process_twice_fails(isolation: Isolation, deed: str, words: str) -> None:
    isolation.limit(IsolationLimits(cpu_seconds=1.0))
    job_id = lose_a_worker("AAPL", "FB", "GOOG", params=isolation.params(FB=deed))
    with isolation.worker() as worker:
        worker.drain()
    assert codes(job_id) == {"FB": "worker_lost"}
    assert words in item_rows(job_id)["FB"]["error"]
    assert job_row(job_id).items() >= {"status": "completed", "succeeded": 2, "failed": 1}.items()
    assert len(isolation.started) == 3


@pytest.mark.parametrize(
    ("deed", "code"), [pytest.param("raise", "trial_unexpected", id="raises"), pytest.param("forget", "trial_unexpected", id="no outcome")]
)
def test_what_does_no_harm_to_the_process_fails_at_once(isolation: Isolation, deed: str, code: str) -> None:
    job_id = lose_a_worker("AAPL", "FB", params=isolation.params(FB=deed))
    with isolation.worker() as worker:
        worker.drain()
    assert codes(job_id) == {"FB": code}
    assert len(isolation.started) == 1


def test_a_key_whose_process_dies_once_is_run_again(isolation: Isolation) -> None:
    job_id = lose_a_worker("FB", "AAPL", params=isolation.params(FB="once exit"))
    with isolation.worker() as worker:
        worker.drain()
    assert (isolation.folder / "FB").exists()
    assert_all_succeeded(job_id)


@pytest.mark.parametrize("deed", [*(f"once signal {name}" for name in ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")), SUSPENDED, SILENT])
def test_a_key_whose_process_was_struck_from_outside_is_run_again_later(isolation: Isolation, deed: str) -> None:
    """Its neighbours meanwhile."""
    if deed in (SUSPENDED, SILENT):
        isolation.limit(IsolationLimits(answer_seconds=5.0))
    job_id = lose_a_worker("AAPL", "FB", "GOOG", params=isolation.params(FB=deed))
    with isolation.worker() as worker:
        worker.run_chunk()
        assert statuses(job_id) == {"AAPL": "succeeded", "FB": "processing", "GOOG": "succeeded"}
        assert worker.run_chunk() == 0
        assert wait_until(rescue_expired) == {job_id}
        worker.run_chunk()
    assert_all_succeeded(job_id)
    assert item_rows(job_id)["FB"]["tries"] == 3


def test_a_key_that_is_always_killed_fails_in_the_end(isolation: Isolation) -> None:
    """As one does that needs all memory: the kernel sends it SIGKILL, and the signal says not from whom it comes."""
    isolation.limit(AT_ONCE)
    job_id = lose_a_worker("AAPL", "FB", "GOOG", params=isolation.params(FB="signal SIGKILL"))
    isolation.run_to_the_end(job_id)
    assert codes(job_id) == {"FB": "worker_lost"}
    assert f"ended {AT_ONCE.strikes} times: signal 9" in item_rows(job_id)["FB"]["error"]
    assert item_rows(job_id)["FB"]["tries"] == AT_ONCE.strikes + 1
    assert job_row(job_id).items() >= {"status": "completed", "succeeded": 2, "failed": 1}.items()


def test_a_key_must_be_struck_each_time_for_minutes_to_fail() -> None:
    limits = IsolationLimits()
    pauses = [limits.pause_after(times) for times in range(1, limits.strikes)]
    assert pauses[:4] == [1, 2, 4, 8]
    assert sorted(pauses) == pauses
    assert max(pauses) == limits.pause_after(10**6) == 30
    assert sum(pauses) > 120


def test_strikes_are_counted_by_key_until_it_has_an_outcome() -> None:
    strikes, one, other = StrikeCounts(max_keys=2), Work(1, "trial", "{}"), Work(2, "trial", "{}")
    assert [strikes.add(one, "AAPL"), strikes.add(one, "AAPL"), strikes.add(other, "AAPL")] == [1, 2, 1]
    strikes.forget(one, "AAPL")
    strikes.forget(one, "FB")
    assert [strikes.add(one, "AAPL"), strikes.add(other, "AAPL")] == [1, 2]
    strikes.add(one, "FB")
    assert [strikes.add(other, "AAPL"), strikes.add(one, "AAPL")] == [3, 1]  # the one that was struck least lately is forgotten


# ---- what says nothing about a key ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "start",
    [
        pytest.param("leave 3", id="exits"),
        pytest.param("signal SIGSEGV", id="crashes"),
        pytest.param("signal SIGKILL", id="killed"),
        pytest.param("no database", id="has no database"),
        pytest.param("no program", id="cannot be started"),
    ],
)
def test_a_process_that_does_not_come_to_the_key_says_nothing_about_it(
    isolation: Isolation, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    """However often. Other jobs go on, and once it can run, everything succeeds."""
    isolation.limit(AT_ONCE)
    job_id = lose_a_worker("AAPL", "FB", "GOOG", params=isolation.params())
    with monkeypatch.context() as broken, isolation.worker() as worker:
        if start == "no database":
            broken.setenv("DATABASE_URL", "postgresql://u:p@127.0.0.1:1/x")
        elif start == "no program":
            broken.setattr(sys, "executable", str(isolation.folder / "nothing"))
        else:
            isolation.at_start(start)
        for _ in range(AT_ONCE.strikes + 1):
            worker.drain()
            assert set(statuses(job_id).values()) == {"processing"}
            rescue_expired()
        other = queue_trial("MSFT")
        worker.drain()
        assert_all_succeeded(other)
    isolation.at_start(None)
    isolation.run_to_the_end(job_id)
    assert_all_succeeded(job_id)


def test_one_attempt_to_start_is_for_all_keys(isolation: Isolation) -> None:
    isolation.limit(IsolationLimits(first_pause=30.0))
    isolation.at_start("leave 3")
    job_id = lose_a_worker(*(f"A{number}" for number in range(50)))  # more than a chunk
    with isolation.worker() as worker:
        worker.drain()
    assert set(statuses(job_id).values()) == {"processing"}
    assert len(isolation.started) == 1


def test_a_process_that_was_killed_while_it_waited_is_started_again(isolation: Isolation) -> None:
    isolation.limit(AT_ONCE)
    job_id = lose_a_worker("AAPL")
    with isolation.worker() as worker:
        worker.drain()
        os.kill(isolation.started[0], signal.SIGKILL)
        next_id = lose_a_worker("FB")
        wait_until(lambda: [worker.drain(), rescue_expired(), job_row(next_id)["finished_at"]][-1])
    assert_all_succeeded(job_id)
    assert_all_succeeded(next_id)
    assert len(isolation.started) == 2


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_database_that_is_away_from_the_worker_too_fails_no_key(isolation: Isolation, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse_to_write(*_: object) -> None:
        raise SQLAlchemyError("away")

    job_id = lose_a_worker("AAPL", params=isolation.params(AAPL="signal SIGKILL"))
    with isolation.worker() as worker, suppress(SQLAlchemyError):
        monkeypatch.setattr("jobs.claims.put_off", refuse_to_write)
        worker.run_chunk()
    assert item_rows(job_id)["AAPL"]["status"] == "processing"


def test_a_worker_that_is_told_to_stop_gives_back_the_key_that_runs_alone(isolation: Isolation) -> None:
    job_id = lose_a_worker("GOOG", "AAPL", "FB", params=isolation.params(FB=SILENT))  # the one that was in hand is the last now
    stop = threading.Event()
    with isolation.worker(stop=stop) as worker:
        thread = threading.Thread(target=worker.run_chunk)
        thread.start()
        wait_until((isolation.folder / "FB").exists)
        stop.set()
        thread.join()
    assert statuses(job_id) == {"AAPL": "succeeded", "FB": "queued", "GOOG": "queued"}
    assert {row["tries"] for row in item_rows(job_id).values() if row["status"] == "queued"} == {1}
    run_jobs()
    assert_all_succeeded(job_id)


def test_what_was_put_off_ends_with_its_cancelled_job(isolation: Isolation) -> None:
    job_id = lose_a_worker("AAPL", "FB", params=isolation.params(FB="signal SIGKILL"))
    with isolation.worker() as worker:
        worker.run_chunk()
        job_service.cancel(database.current(), 1, job_id)
    assert statuses(job_id) == {"AAPL": "succeeded", "FB": "cancelled"}
    assert job_row(job_id).items() >= {"status": "cancelled", "succeeded": 1, "cancelled": 1}.items()


def test_keys_of_the_network_lane_run_alone_as_well(isolation: Isolation) -> None:
    job_id = queue_trial("AAPL", "FB", params=isolation.params(FB="exit"), lane=Lane.NETWORK)
    claim("dead", lane=Lane.NETWORK)
    release_worker("dead")
    with working(options=options_for(lane=Lane.NETWORK)) as worker:
        worker.drain()
    assert codes(job_id) == {"FB": "worker_lost"}
    assert statuses(job_id)["AAPL"] == "succeeded"
