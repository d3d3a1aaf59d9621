"""A worker is suspended for longer than its lease and then resumed: others have claimed its items by then, and it writes nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import psutil
import pytest
from kit.chaos import (
    TICKERS,
    WORKER,
    Site,
    held_by,
    item_rows,
    job_row,
    queue_job,
    result_rows,
    wait_for_progress,
    wait_until_right,
)
from kit.servers import wait_until
from sqlalchemy import text

import database

MANY, FEW = TICKERS[:150], TICKERS[150:170]
SETTLE = "WITH new AS MATERIALIZED"  # the begin of the last statement of the transaction that ends a chunk, which counts its items


def only_worker(site: Site) -> psutil.Process:
    return wait_until(site.workers)[0]


def name_of(worker: psutil.Process) -> str:
    return worker.cmdline()[-1]


def is_unlocked(site: Site) -> bool:
    """Whether no write transaction is open on SQLite."""
    with closing(sqlite3.connect(site.backend.path, timeout=0.1, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.execute("ROLLBACK")
        return True


def stop_with_items(site: Site, worker: psutil.Process, job_id: str) -> bool:
    """Suspend a worker. Returns True if it holds claimed items and no lock; otherwise resumes it and returns False."""
    worker.suspend()
    wait_until(lambda: worker.status() == psutil.STATUS_STOPPED)
    if (not site.backend.is_sqlite or is_unlocked(site)) and held_by(job_id, name_of(worker)):
        return True
    worker.resume()
    return False


def stop_half_way(worker: psutil.Process, job_id: str) -> bool:
    """Suspend a worker in the transaction that ends its chunk, and return True. Returns False if it is claiming a chunk instead."""
    with database.transaction() as connection:
        # The worker's last statement before its commit waits for this row. By then the worker has locked the items.
        connection.execute(text("SELECT 1 FROM analysis_jobs WHERE id = :id FOR UPDATE"), {"id": job_id})
        wait_until(lambda: in_state("active", "Lock", ""))
        if not in_state("active", "Lock", SETTLE):
            return False
        worker.suspend()
        wait_until(lambda: worker.status() == psutil.STATUS_STOPPED)
        return True


def assert_writes_nothing(site: Site, worker: psutil.Process, job_id: str) -> None:
    """Resume the worker once others have finished the job. Checks that it logs the lost claim, changes nothing, and does other work."""
    name = name_of(worker)
    wait_until_right(job_id, site, MANY)
    before = job_row(job_id), item_rows(job_id), result_rows()
    assert {item["worker"] for item in before[1] if item["tries"] > 1}.isdisjoint({name})
    worker.resume()
    wait_until(lambda: [line for line in site.log().splitlines() if "claim lost" in line and name in line])
    assert (job_row(job_id), item_rows(job_id), result_rows()) == before
    next_id = queue_job(FEW)
    wait_until_right(next_id, site, FEW)
    assert (job_row(job_id), item_rows(job_id), result_rows()[: len(before[2])]) == before
    site.stop()


def test_stopped_between_two_transactions(site: Site) -> None:
    site.start(WORKER, LOCAL_WORKERS="1")
    job_id = queue_job(MANY)
    wait_for_progress(job_id)
    worker = only_worker(site)
    wait_until(lambda: stop_with_items(site, worker, job_id))
    held = held_by(job_id, name_of(worker))
    site.start(WORKER, LOCAL_WORKERS="1")
    assert_writes_nothing(site, worker, job_id)
    assert [item["key"] for item in item_rows(job_id) if item["tries"] > 1] == held


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_stopped_inside_a_transaction(site: Site) -> None:
    """Postgres ends a transaction that is idle for as long as a lease, which releases its locks."""
    site.start(WORKER, LOCAL_WORKERS="1")
    job_id = queue_job(MANY)
    wait_for_progress(job_id)
    worker = only_worker(site)
    wait_until(lambda: stop_half_way(worker, job_id))
    (backend,) = wait_until(lambda: in_state("idle in transaction", "Client", SETTLE))
    held = held_by(job_id, name_of(worker))
    assert held
    site.start(WORKER, LOCAL_WORKERS="1")
    wait_until(lambda: backend not in in_state("idle in transaction", "Client", ""))
    assert_writes_nothing(site, worker, job_id)
    assert [item["key"] for item in item_rows(job_id) if item["tries"] > 1] == held


def in_state(state: str, waits_for: str, statement: str) -> list[int]:
    """The ids of the server processes on this database with this state and wait event, whose latest statement begins so."""
    rows = database.query_db(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = :state AND wait_event_type = :waits_for "
        "AND starts_with(ltrim(query, chr(10) || ' '), :statement)",
        {"state": state, "waits_for": waits_for, "statement": statement},
    )
    return [row["pid"] for row in rows]
