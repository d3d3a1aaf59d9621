"""Helpers of the tests of jobs: creating jobs, running them in this process, and rows in every state."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text

import database
from features.accounts.api_keys import create_key
from features.analyses.bulk import submit
from features.analyses.kinds import BulkAnalysis
from infrastructure.feature import Universes
from jobs import claims
from jobs.claims import Claimant, Claims, claim_chunk
from jobs.executor import Executor, ExecutorOptions
from jobs.kind import JobKind, JobKinds
from jobs.presence import identity_of
from jobs.service import enqueue
from jobs.store import worker as worker_store
from jobs.wakeup import NoWakeup
from kit.support import Client
from kit.trial import TrialKind, TrialParams, new_trial
from models.bulk_analysis import BulkOrder, BulkParams
from models.job import Chunk, ClaimedItem, Lane, Outcome
from models.strategy import STRATEGIES
from utils.clock import now
from utils.ids import new_id

SAMPLE = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
LEASE = 15.0
KINDS = (BulkAnalysis(), TrialKind(Lane.CPU), TrialKind(Lane.NETWORK))
UNKNOWN_ID = "01a1fbd8-91c5-76db-ada4-c6947b434124"
JOB_FIELDS = {
    "id", "kind", "status", "version", "total", "completed", "succeeded", "failed", "progress", "eta_seconds", "stalled_by", "waiting",
    "cancel_requested", "retry_of", "params", "error", "created_at", "started_at", "finished_at",
}  # fmt: skip


def options_for(kinds: Sequence[JobKind[Any]] = KINDS, lane: Lane = Lane.CPU) -> ExecutorOptions:
    """The options of a worker in this process."""
    return ExecutorOptions(database.current(), JobKinds(kinds), lane, LEASE, NoWakeup())


@contextmanager
def working(worker: str = "tester", stop: threading.Event | None = None, options: ExecutorOptions | None = None) -> Iterator[Executor]:
    """A worker in this process."""
    executor = Executor(worker, stop or threading.Event(), options or options_for())
    try:
        yield executor
    finally:
        executor.close()


def run_jobs(worker: str = "tester", kinds: Sequence[JobKind[Any]] = KINDS) -> int:
    """Run all queued items of the lane `cpu` and return their number."""
    with working(worker, options=options_for(kinds)) as executor:
        return executor.drain()


def appear(*lanes: Lane) -> None:
    """A worker of these lanes sends a heartbeat."""
    with database.transaction() as connection:
        worker_store.beat(connection, identity_of("appeared", lanes, "local"), now())


def claim(worker: str, limit: int = 100, lane: Lane = Lane.CPU) -> Chunk | None:
    """Claim a chunk for a worker, with a lease of one minute."""
    return claim_chunk(database.current(), Claimant(worker, lane, 60.0), limit)


def end_items(chunk: Chunk, outcomes: Mapping[ClaimedItem, Outcome]) -> None:
    """End some items of a chunk as a worker does."""
    Claims(database.current(), JobKinds(KINDS)).end_items(chunk, outcomes)


def rescue_expired() -> set[str]:
    """Rescue expired items as maintenance does. Returns the ids of their jobs."""
    return set(claims.rescue_expired(database.current()))


def release_worker(worker: str) -> set[str]:
    """Release the items of a dead worker as its parent does. Returns the ids of their jobs."""
    return set(claims.release_worker(database.current(), worker))


def end_chunk(chunk: Chunk, outcomes: Mapping[ClaimedItem, Outcome]) -> None:
    """End a chunk as a worker does."""
    Claims(database.current(), JobKinds(KINDS)).end_chunk(chunk, outcomes)


def ask(client: Client, *tickers: str, **more: Any) -> Any:
    """Request a job for these tickers, and return the JSON of the response."""
    answer = client.post("/bulk-analyze", {"tickers": list(tickers), **more})
    assert answer.status_code == 202, answer.json
    return answer.json


def queue(*tickers: str, org_id: int = 1, strategy: str = "balanced") -> str:
    """Queue a job without HTTP, and return its id."""
    with database.transaction() as connection:
        return submit(connection, org_id, BulkOrder(tickers, BulkParams(STRATEGIES[strategy]), force=True), Universes()).job.id


def queue_trial(*keys: str, params: TrialParams | None = None, lane: Lane = Lane.CPU, org_id: int = 1) -> str:
    """Queue a trial job without HTTP, and return its id."""
    with database.transaction() as connection:
        return enqueue(connection, org_id, new_trial(keys, params, lane)).job.id


def finished(client: Client, *tickers: str, **more: Any) -> Any:
    """Request and run a job for these tickers, and return the finished job."""
    job_id = ask(client, *tickers, **more)["id"]
    run_jobs()
    return client.get(f"/jobs/{job_id}").json


def items_of(client: Client, job_id: str) -> dict[str, Any]:
    """A job's items, by key."""
    return {item["key"]: item for item in client.get(f"/jobs/{job_id}/items?limit=500").json["items"]}


def job_row(job_id: str) -> dict[str, Any]:
    """The row of a job."""
    row: dict[str, Any] = database.query_db("SELECT * FROM analysis_jobs WHERE id = :id", {"id": job_id}, one=True)
    return row


def item_rows(job_id: str) -> dict[str, dict[str, Any]]:
    """The rows of a job's items, by key."""
    return {row["key"]: row for row in database.query_db("SELECT * FROM analysis_job_items WHERE job_id = :id", {"id": job_id})}


def another_organization(org_id: int = 2) -> str:
    """Create another organization, and return an API key of it."""
    database.execute_db("INSERT INTO organizations (id, name, created_at) VALUES (:id, 'Another', :now)", {"id": org_id, "now": now()})
    return create_key(database.current(), org_id, "tests")[1]


def csv_of(bars: int, first: str = "2020-01-01") -> str:
    """A price file of `bars` days."""
    from datetime import date, timedelta

    day = date.fromisoformat(first)
    lines = [f"{day + timedelta(days=number)},10,11,9,{10 + number % 2},1000" for number in range(bars)]
    return "\n".join(["Date,Open,High,Low,Close,Volume", *lines]) + "\n"


# ---- rows in every state, without the store ---------------------------------------------------------------------------------------

_JOB_STATES: dict[str, dict[str, Any]] = {
    "queued": {},
    "processing": {"started_at": True},
    "completed": {"started_at": True, "finished_at": True, "succeeded": 2, "failed": 1},
    "failed": {"started_at": True, "finished_at": True, "failed": 3, "error_code": "job_unreadable", "error": "Why."},
    "cancelled": {"finished_at": True, "cancelled": 3, "cancel_requested": True},
}
_ITEM_STATES: dict[str, dict[str, Any]] = {
    "queued": {},
    "processing": {"claim_token": "token", "worker": "worker", "lease_expires_at": True, "tries": 1},
    "succeeded": {"finished_at": True, "result_id": "result", "tries": 1, "worker": "worker"},
    "failed": {"finished_at": True, "error_code": "code", "error": "Why.", "tries": 1, "worker": "worker"},
    "cancelled": {"finished_at": True},
}


def job_values(status: str, /, **changes: Any) -> dict[str, Any]:
    """A row of analysis_jobs for a job with three items in this status, with changes. True stands for the current time."""
    values = {
        "id": new_id(), "org_id": 1, "kind": "bulk_analysis", "lane": "cpu", "status": status, "version": 7, "total": 3, "succeeded": 0,
        "failed": 0, "cancelled": 0, "cancel_requested": False, "dedupe_key": None, "retry_of": None, "params": '{"strategy": "balanced"}',
        "error_code": None, "error": None, "created_at": True, "started_at": None, "finished_at": None,
    }  # fmt: skip
    return _with_moments({**values, **_JOB_STATES[status], **changes}, ("created_at", "started_at", "finished_at"))


def item_values(job_id: str, status: str, /, **changes: Any) -> dict[str, Any]:
    """A row of analysis_job_items for an item in this status, with changes. True stands for the current time."""
    values = {
        "job_id": job_id, "key": "AAPL", "lane": "cpu", "status": status, "turn": 1, "tries": 0, "claim_token": None,
        "worker": None, "lease_expires_at": None, "result_id": None, "error_code": None, "error": None, "finished_at": None,
    }  # fmt: skip
    return _with_moments({**values, **_ITEM_STATES[status], **changes}, ("lease_expires_at", "finished_at"))


def insert(table: str, values: dict[str, Any]) -> None:
    """Insert one row."""
    names = ", ".join(values)
    with database.transaction() as connection:
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in values)})"), values)


def _with_moments(values: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {**values, **{name: now() for name in names if values[name] is True}}
