"""What people do with jobs: ask for one, cancel it, run its failed items again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from database import Database
from features.analyses.bulk import write_params
from features.prices import store as price_store
from features.watchlist.store import watchlist as watchlist_store
from jobs.store import item as item_store
from jobs.store import job as job_store
from models.errors import JobChanged, JobFinished, JobNotFinished, JobNotFound, NothingFailed, NothingToAnalyse
from models.job import BULK_ANALYSIS, BulkOrder, BulkParams, Job, Tally, Universe
from utils.ids import is_id, new_id
from utils.json_text import dump

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Submission:
    """The job that does what was asked for, and whether it is new; if not, it was active already."""

    job: Job
    is_new: bool


Act = Callable[[Connection], Submission]


def submit(connection: Connection, org_id: int, order: BulkOrder) -> Submission:
    """Queue a bulk analysis within the caller's transaction, or find the active job that does the same.

    The same is: the same organization, tickers, parameters and newest day of prices. Raises NothingToAnalyse for an empty universe.
    """
    tickers = order.tickers or _universe(connection, org_id, order.params)
    params = write_params(order.params)
    key = None if order.force else _dedupe_key(tickers, params, price_store.newest_day(connection, org_id, tickers))
    return _enqueue(connection, org_id, tickers, params, key, retry_of=None)


def retry(connection: Connection, org_id: int, job_id: str, expected: Sequence[int] | None = None) -> Submission:
    """Queue a job of the failed items of a finished one within the caller's transaction, or find the active one that was queued for it.

    Raises JobNotFound, JobChanged when the job is at none of the `expected` versions, JobNotFinished or NothingFailed.
    """
    job = _find_to_change(connection, org_id, job_id, expected)
    if not job.is_finished:
        raise JobNotFinished(job_id)
    tickers = item_store.failed_tickers(connection, job_id)
    if not tickers:
        raise NothingFailed(job_id)
    return _enqueue(connection, org_id, tickers, job.params, f"retry:{job_id}", retry_of=job_id)


def cancel(database: Database, org_id: int, job_id: str, expected: Sequence[int] | None = None) -> Job:
    """Cancel a job: at once what nobody has begun; workers stop at their next ticker. Asking twice changes nothing more.

    Raises JobNotFound, JobFinished, or JobChanged when the job is at none of the `expected` versions.
    """
    with database.transaction() as connection:
        job = _find_to_change(connection, org_id, job_id, expected)
        if job.is_finished:
            raise JobFinished(job_id, job.status)
        if not job.cancel_requested:
            moment = item_store.database_now(connection)
            cancelled = item_store.cancel_queued(connection, job_id, moment)
            job_store.settle(connection, job_id, Tally(cancelled=cancelled), moment, cancel=True)
            log.info("job cancelled", job_id=job_id, items=cancelled)
        return _found(connection, org_id, job_id)


def find(database: Database, org_id: int, job_id: str) -> Job:
    """One job. Raises JobNotFound."""
    found = None
    if is_id(job_id):
        with database.reader() as connection:
            found = job_store.find(connection, org_id, job_id)
    if found is None:
        raise JobNotFound(job_id)
    return found


def _enqueue(
    connection: Connection, org_id: int, tickers: Sequence[str], params: str, dedupe_key: str | None, retry_of: str | None
) -> Submission:
    job_id = new_id()
    inserted = False
    while not inserted:
        # Once more when the active job that was in the way has ended just now.
        inserted = job_store.insert(
            connection,
            org_id,
            id=job_id,
            kind=BULK_ANALYSIS,
            total=len(tickers),
            params=params,
            dedupe_key=dedupe_key,
            retry_of=retry_of,
            created_at=item_store.database_now(connection),
        )
        if not inserted:
            assert dedupe_key is not None
            active = job_store.find_active(connection, org_id, dedupe_key)
            if active is not None:
                return Submission(active, is_new=False)
    item_store.insert(connection, {job_id: tickers})
    log.info("job queued", job_id=job_id, items=len(tickers), retry_of=retry_of)
    return Submission(_found(connection, org_id, job_id), is_new=True)


def _universe(connection: Connection, org_id: int, params: BulkParams) -> Sequence[str]:
    assert params.universe is not None
    if params.universe is Universe.ALL:
        tickers = price_store.list_tickers(connection, org_id)
    else:
        tickers = watchlist_store.list_tickers(connection, org_id)
    if not tickers:
        raise NothingToAnalyse(params.universe)
    return tickers


def _dedupe_key(tickers: Sequence[str], params: str, newest_day: str | None) -> str:
    return hashlib.sha256(dump([sorted(tickers), params, newest_day])).hexdigest()


def _find_to_change(connection: Connection, org_id: int, job_id: str, expected: Sequence[int] | None) -> Job:
    job = job_store.find_to_change(connection, org_id, job_id) if is_id(job_id) else None
    if job is None:
        raise JobNotFound(job_id)
    if expected is not None and job.version not in expected:
        raise JobChanged(job_id, job.version)
    return job


def _found(connection: Connection, org_id: int, job_id: str) -> Job:
    job = job_store.find(connection, org_id, job_id)
    assert job is not None
    return job
