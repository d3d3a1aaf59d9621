"""Workers that are lost with their keys, and how the isolated process ends with its worker."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from kit.isolation import AT_ONCE, Isolation, assert_all_succeeded, lose_a_worker, statuses
from kit.jobs import SAMPLE, claim, item_rows, job_row, queue_trial, release_worker, rescue_expired
from kit.paths import ROOT
from kit.servers import wait_until
from kit.trial import NOISE, TrialParams

import database
from jobs.isolated_process import LENGTH_BYTES, READY, IsolatedProcess, IsolationUnavailable, StrikeCounts
from jobs.kind import IsolationLimits
from models.job import Work

# ---- workers that are lost --------------------------------------------------------------------------------------------------------


def test_no_number_of_lost_workers_fails_a_key(isolation: Isolation) -> None:
    job_id = queue_trial(*SAMPLE)
    for number in range(60):
        assert claim(f"dead {number}")
        if number % 2:
            assert release_worker(f"dead {number}") == {job_id}
        else:
            database.execute_db(
                "UPDATE analysis_job_items SET lease_expires_at = '2026-01-01T00:00:00.000000Z' WHERE claim_token IS NOT NULL"
            )
            assert rescue_expired() == {job_id}
    isolation.run_to_the_end(job_id)
    assert_all_succeeded(job_id)
    assert {row["tries"] for row in item_rows(job_id).values()} == {61}


@pytest.fixture
def workers() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Worker processes, which end with the test."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def start_worker(workers: list[subprocess.Popen[bytes]], name: str, **more: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(ROOT / "worker.py"), "--process", "cpu", name]
    workers.append(subprocess.Popen(command, stdin=subprocess.PIPE, **more))
    return workers[-1]


def test_a_worker_is_lost_with_the_key_in_hand_alone(isolation: Isolation, workers: list[subprocess.Popen[bytes]]) -> None:
    """What was known before is stored; items of the same key in other jobs are not taken for it, and the counters agree."""
    params = isolation.params(GOOG="once kill_parent")
    first, second = lose_a_worker("AAPL", "FB", "GOOG", params=params), lose_a_worker("IBM", "FB", "GOOG", params=params)
    fresh = queue_trial("GOOG", "IBM")
    worker = start_worker(workers, "killed")
    assert worker.wait(120) == -signal.SIGKILL
    assert statuses(fresh) == {"GOOG": "succeeded", "IBM": "succeeded"}
    for job_id in (first, second, fresh):
        assert job_row(job_id)["succeeded"] == sum(status == "succeeded" for status in statuses(job_id).values())
    assert {key for job_id in (first, second) for key, status in statuses(job_id).items() if status == "processing"} >= {"GOOG"}
    release_worker("killed")
    isolation.run_to_the_end(first, second)
    for job_id in (first, second, fresh):
        assert_all_succeeded(job_id)


# ---- the end of the process -------------------------------------------------------------------------------------------------------


def raw(message: Any) -> bytes:
    body = pickle.dumps(message)
    return len(body).to_bytes(LENGTH_BYTES, "little") + body


def request(params: TrialParams) -> bytes:
    return raw((Work(1, "trial_cpu", params.as_text()), "AAPL"))


@pytest.mark.parametrize(
    ("sent", "is_heard", "end", "status"),
    [
        pytest.param("nothing", True, None, 0, id="between two requests"),
        pytest.param("length", True, None, 0, id="within a request's length"),
        pytest.param("part", True, None, 0, id="within a request"),
        pytest.param("nothing", False, None, 0, id="before it is ready"),
        pytest.param("request", False, None, 0, id="in the middle of a key"),
        pytest.param("hanging request", True, None, 0, id="in the middle of a key that hangs"),
        pytest.param("nothing", True, signal.SIGINT, -signal.SIGINT, id="Ctrl-C while it waits"),
        pytest.param("request", True, signal.SIGINT, -signal.SIGINT, id="Ctrl-C in the middle of a key"),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_it_ends_without_a_word_when_its_worker_is_gone(
    isolation: Isolation, sent: str, is_heard: bool, end: signal.Signals | None, status: int
) -> None:
    whole = request(
        TrialParams(deeds={"AAPL": "once hang" if sent == "hanging request" else "once sleep 0.3"}, folder=str(isolation.folder))
    )
    message = {"nothing": b"", "length": whole[:4], "part": whole[:-1]}.get(sent, whole)
    errors = isolation.folder / "errors"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "worker.py"), "--isolated"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, bufsize=0,
        )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    if sent != "nothing" or is_heard:
        assert process.stdout.read(len(raw(READY))) == raw(READY)
    process.stdin.write(message)
    if message == whole:
        wait_until((isolation.folder / "AAPL").exists)
    if not is_heard:
        process.stdout.close()
    if end is None:
        process.stdin.close()
    else:
        process.send_signal(end)
    assert process.wait(60) == status
    process.stdin.close()
    process.stdout.close()
    assert set(errors.read_text().splitlines()) <= {NOISE}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_ctrl_c_while_it_starts_ends_it_without_a_word(isolation: Isolation, capfd: pytest.CaptureFixture[str]) -> None:
    isolation.at_start("signal SIGINT")
    isolated = IsolatedProcess(StrikeCounts())
    with pytest.raises(IsolationUnavailable):
        isolated.run(Work(1, "trial_cpu", TrialParams().as_text()), "AAPL", IsolationLimits(), threading.Event())
    assert len(isolation.started) == 1
    assert capfd.readouterr().err == ""
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_it_ends_without_a_word_when_its_worker_is_killed(isolation: Isolation, workers: list[subprocess.Popen[bytes]]) -> None:
    flag = isolation.folder / "alone"
    lose_a_worker("AAPL", params=isolation.params(AAPL=f"outlive_parent {flag}"))
    errors = isolation.folder / "errors"
    with errors.open("wb") as stderr:
        worker = start_worker(workers, "killed", stderr=stderr, stdout=stderr)
    wait_until(lambda: flag.exists() and flag.read_text())
    alone = psutil.Process(int(flag.read_text()))
    worker.kill()
    worker.wait()
    wait_until(lambda: not alone.is_running() or alone.status() == psutil.STATUS_ZOMBIE)
    assert set(errors.read_text().splitlines()) == {NOISE}


def test_a_key_that_the_process_does_not_know_the_kind_of_is_run_later(isolation: Isolation) -> None:
    isolated = IsolatedProcess(StrikeCounts())
    try:
        with pytest.raises(IsolationUnavailable):
            isolated.run(Work(1, "unknown", "{}"), "AAPL", AT_ONCE, threading.Event())
    finally:
        isolated.close()
