"""Workers and isolated processes are killed at random moments: no healthy key fails. A key that kills its process fails alone."""

from __future__ import annotations

import json
import random
import signal
import time
from dataclasses import replace

import psutil
from kit.chaos import (
    TICKERS,
    WORKER_OF_TRIALS,
    Site,
    is_active,
    is_alive,
    item_rows,
    job_row,
    kill,
    lose_worker,
    queue_analyses,
    queue_job,
    wait_until_gone,
    wait_until_right,
)
from kit.effort import effort
from kit.servers import wait_until

import database
from jobs.kind import IsolationLimits
from models.strategy import STRATEGIES

SEED = 20130301
WORKER_KILLS, ISOLATED_KILLS = effort(40, 6), effort(20, 4)
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
HEALTHY = TICKERS[:16]
STRATEGY_IDS = tuple(STRATEGIES)
# Otherwise the pauses after the kills would take most of the time of a test.
SHORT_PAUSES = IsolationLimits(longest_pause=0.5)


def start(site: Site, limits: IsolationLimits = SHORT_PAUSES) -> psutil.Process:
    """`worker.py` with one local worker for the lane `cpu`."""
    server = site.start(WORKER_OF_TRIALS, LOCAL_WORKERS="1", TRIAL_LIMITS=json.dumps(vars(limits)))
    return psutil.Process(server.process.pid)


def worker_in_hand(supervisor: psutil.Process) -> psutil.Process | None:
    """The worker process, if it has claimed items."""
    rows = database.query_db("SELECT DISTINCT worker FROM analysis_job_items WHERE status = 'processing'")
    at_work = {row["worker"] for row in rows}
    return next((child for child in supervisor.children() if is_alive(child) and child.cmdline()[-1] in at_work), None)


def isolated_of(supervisor: psutil.Process) -> psutil.Process | None:
    return next(
        (process for process in supervisor.children(recursive=True) if is_alive(process) and "--isolated" in process.cmdline()), None
    )


def assert_nothing_failed() -> None:
    failed = database.query_db("SELECT key, tries, error FROM analysis_job_items WHERE status = 'failed'")
    assert failed == []


def test_a_worker_that_is_killed_whenever_it_works(site: Site) -> None:
    """It runs real analyses and trial jobs. The trial jobs are slow enough to be hit by many kills."""
    jobs = {queue_job(HEALTHY, 0.05): HEALTHY, queue_job(TICKERS[8:24], 0.05): TICKERS[8:24]}
    supervisor, moments = start(site), random.Random(SEED)  # noqa: S311
    for number in range(WORKER_KILLS):
        if number % 5 == 0:
            few = TICKERS[number : number + 3]
            jobs[queue_job(few, 0.05)] = few
            some = TICKERS[2 * number : 2 * number + 60]
            jobs[queue_analyses(some, STRATEGY_IDS[number // 5 % len(STRATEGY_IDS)])] = some
        worker = wait_until(lambda: worker_in_hand(supervisor))
        time.sleep(moments.uniform(0, 0.2))
        kill(worker)
        wait_until_gone([worker])
        assert_nothing_failed()
    assert is_active(next(iter(jobs)))
    for job_id, tickers in jobs.items():
        wait_until_right(job_id, site, tickers)
    assert site.log().count("child ended, it is started again") == WORKER_KILLS
    site.stop()
    assert "Traceback" not in site.log()


def test_the_process_of_a_single_key_is_killed_whenever_there_is_one(site: Site) -> None:
    jobs = {queue_job(HEALTHY, 0.1): HEALTHY}
    lose_worker()
    supervisor, moments = start(site), random.Random(SEED)  # noqa: S311
    for number in range(ISOLATED_KILLS):
        if not any(map(is_active, jobs)):
            some = TICKERS[30 * number : 30 * number + 16]
            jobs[queue_job(some, 0.1)] = some
            lose_worker()
        if number % 5 == 0:
            few = TICKERS[number : number + 3]  # no worker was lost with these
            jobs[queue_job(few, 0.1)] = few
        victim = wait_until(lambda: isolated_of(supervisor))
        time.sleep(moments.uniform(0, 0.8))  # then the process is starting, or runs a key
        victim.send_signal(SIGNALS[number % len(SIGNALS)])
        wait_until_gone([victim])
        assert_nothing_failed()
    for job_id, tickers in jobs.items():
        wait_until_right(job_id, site, tickers)
    site.stop()
    assert "Traceback" not in site.log()


def test_processes_that_are_suspended(site: Site) -> None:
    """Suspend the isolated process alone, or all processes, for longer than a lease and than a worker waits for an isolated process."""
    job_id = queue_job(HEALTHY, 0.3)
    lose_worker()
    wait = 2.0
    supervisor = start(site, replace(SHORT_PAUSES, start_seconds=10.0, answer_seconds=wait))
    for everything in (False, True, False, True):
        alone = wait_until(lambda: worker_in_hand(supervisor) and isolated_of(supervisor))
        if everything:
            family = [supervisor, *supervisor.children(recursive=True)]
            for process in family:
                process.suspend()
            time.sleep(2 * wait)
            for process in family:
                process.resume()
        else:
            alone.suspend()
            wait_until_gone([alone])
        assert_nothing_failed()
    assert is_active(job_id)
    wait_until_right(job_id, site, HEALTHY)
    site.stop()
    assert "Traceback" not in site.log()


def test_a_deadly_key_in_a_large_job(site: Site) -> None:
    """The key kills one worker, then two isolated processes, and is the only one that fails. Small jobs do not wait for the large job."""
    deadly = TICKERS[5]
    job_id = queue_job(TICKERS, deeds={deadly: "signal SIGSEGV"})
    start(site)
    wait_until(lambda: "items rescued" in site.log())
    for number in range(3):
        few = TICKERS[100 + 10 * number : 105 + 10 * number]
        small_id = queue_job(few)
        wait_until(lambda small_id=small_id: not is_active(small_id))
        assert is_active(job_id), "the large job was first"
        assert job_row(small_id)["succeeded"] == len(few)
    wait_until(lambda: not is_active(job_id))
    failed = [(row["key"], row["error_code"]) for row in item_rows(job_id) if row["status"] != "succeeded"]
    assert failed == [(deadly, "worker_lost")]
    assert job_row(job_id)["status"] == "completed"
    assert (job_row(job_id)["succeeded"], job_row(job_id)["failed"]) == (len(TICKERS) - 1, 1)
    assert site.log().count("child ended, it is started again") == 1
    site.stop()
