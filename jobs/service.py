"""Operations on jobs of any kind: queue, find, cancel, and retry failed items."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Connection

from database import AnyReader, Database
from infrastructure.sql.database_clock import database_now
from infrastructure.sql.transaction import after_commit
from jobs.settling import settle
from jobs.store import delay as delay_store
from jobs.store import finished as finished_store
from jobs.store import item as item_store
from jobs.store import job as job_store
from jobs.store.job import JobRow, Settlement, count_open, has_active
from models.errors import JobChanged, JobFinished, JobNotFinished, JobNotFound, NothingFailed
from models.job import FinishedJob, Job, NewJob, Tally
from utils.ids import is_id, new_id

log = structlog.get_logger(__name__)

__all__ = [
    "Submission",
    "Submit",
    "cancel",
    "cancel_all",
    "count_open",
    "enqueue",
    "enqueue_many",
    "find",
    "find_several",
    "has_active",
    "is_busy",
    "look_at",
    "params_of_kind",
    "retry",
    "store_finished",
]


@dataclass(frozen=True)
class Submission:
    """The job for a request, and whether it is new. Otherwise it is the active job that already does the same work."""

    job: Job
    is_new: bool


Submit = Callable[[Connection], Submission]


def enqueue(connection: Connection, org_id: int, new_job: NewJob) -> Submission:
    """Queue a job within the caller's transaction, or return the active job with its dedupe key.

    After the commit, the caller wakes the workers of a new job: `wakeup.wake_workers(job.id, job.lane)`.
    """
    row = _new_row(new_job, database_now(connection))
    # Repeated when the active job ended between the two statements.
    while not job_store.insert(connection, org_id, row):
        assert row.dedupe_key is not None
        active = job_store.find_active(connection, org_id, row.dedupe_key)
        if active is not None:
            return Submission(active, is_new=False)
    item_store.insert(connection, row.lane, {row.id: new_job.keys})
    said = {"job_id": row.id, "kind": row.kind, "items": row.total, "retry_of": row.retry_of}
    after_commit(connection, lambda: log.info("job queued", **said))
    return Submission(_find_in(connection, org_id, row.id), is_new=True)


def enqueue_many(connection: Connection, org_id: int, new_jobs: Sequence[NewJob]) -> list[str]:
    """Queue jobs of one lane and without dedupe keys within the caller's transaction, in two statements; return their ids."""
    moment = database_now(connection)
    rows = [_new_row(new_job, moment) for new_job in new_jobs]
    assert len({row.lane for row in rows}) == 1, "jobs that are queued together are of one lane"
    assert all(row.dedupe_key is None for row in rows), "a job with a dedupe key is queued alone"
    job_store.insert_many(connection, org_id, rows)
    item_store.insert(connection, rows[0].lane, {row.id: new_job.keys for row, new_job in zip(rows, new_jobs, strict=True)})
    said = {"jobs": len(rows), "first_job_id": rows[0].id, "items": sum(row.total for row in rows)}
    after_commit(connection, lambda: log.info("jobs queued", **said))
    return [row.id for row in rows]


def store_finished(connection: Connection, org_id: int, jobs: Sequence[FinishedJob]) -> set[str]:
    """Store jobs that ran elsewhere as they ended, unless their ids are stored; return the ids of the new ones.

    No event tells of them: they ended before anybody could have waited for them.
    """
    stored = finished_store.find_stored(connection, org_id, [job.id for job in jobs])
    new = [job for job in jobs if job.id not in stored]
    finished_store.insert(connection, org_id, new)
    return {job.id for job in new}


def retry(connection: Connection, org_id: int, job_id: str, expected: Sequence[int] | None = None) -> Submission:
    """Queue a job of a finished job's failed items within the caller's transaction, or return the active job that was queued for them.

    Raises JobNotFound, JobNotFinished, NothingFailed, or JobChanged when the job has none of the `expected` versions.
    """
    job = _find_to_change(connection, org_id, job_id, expected)
    if not job.is_finished:
        raise JobNotFinished(job_id)
    keys = item_store.failed_keys(connection, job_id)
    if not keys:
        raise NothingFailed(job_id)
    return enqueue(connection, org_id, NewJob(job.kind, job.lane, job.params, keys, f"retry:{job_id}", retry_of=job_id))


def cancel(database: Database, org_id: int, job_id: str, expected: Sequence[int] | None = None) -> Job:
    """Cancel the queued items of a job, and ask its workers to stop before their next key. Idempotent until the job has finished.

    Raises JobNotFound, JobFinished, or JobChanged when the job has none of the `expected` versions.
    """
    with database.transaction() as connection:
        job = _find_to_change(connection, org_id, job_id, expected)
        if job.is_finished:
            raise JobFinished(job_id, job.status)
        if not job.cancel_requested:
            _cancel(connection, job_id)
        return _find_in(connection, org_id, job_id)


def cancel_all(connection: Connection, org_id: int) -> int:
    """Cancel every active job of an organization within the caller's transaction; return how many. Idempotent.

    Afterwards `is_busy` tells whether workers still have keys of them in hand.
    """
    job_ids = job_store.lock_active(connection, org_id)
    for job_id in job_ids:
        _cancel(connection, job_id)
    return len(job_ids)


def is_busy(connection: AnyReader, org_id: int) -> bool:
    """Whether an organization has a job that has not ended."""
    return job_store.is_any_active(connection, org_id)


def _cancel(connection: Connection, job_id: str) -> None:
    moment = database_now(connection)
    cancelled = item_store.cancel_queued(connection, job_id, moment) + delay_store.cancel_delayed(connection, job_id, moment)
    settle(connection, job_id, Settlement(Tally(cancelled=cancelled), cancel=True), moment)
    after_commit(connection, lambda: log.info("job cancelled", job_id=job_id, items=cancelled))


def find(database: Database, org_id: int, job_id: str) -> Job:
    """The organization's job with this id. Raises JobNotFound."""
    job = None
    if is_id(job_id):
        with database.reader() as connection:
            job = job_store.find(connection, org_id, job_id)
    if job is None:
        raise JobNotFound(job_id)
    return job


def look_at(connection: AnyReader, org_id: int, job_id: str) -> Job | None:
    """The organization's job with this id, as the caller's transaction sees it, else None."""
    return job_store.find(connection, org_id, job_id)


def find_several(connection: Connection, job_ids: Collection[str]) -> list[Job]:
    """Those of the jobs that are still stored, of any organization: for whoever has noted their ids when they were queued."""
    return job_store.find_many(connection, job_ids)


def params_of_kind(connection: Connection, org_id: int, kind: str, since: datetime, limit: int) -> list[tuple[str, datetime]]:
    """The parameters of an organization's newest jobs of a kind since a moment, and when they were queued."""
    return job_store.params_of_kind(connection, org_id, kind, since, limit)


def _new_row(new_job: NewJob, created_at: datetime) -> JobRow:
    return JobRow(
        id=new_id(),
        kind=new_job.kind,
        lane=new_job.lane,
        total=len(new_job.keys),
        params=new_job.params,
        dedupe_key=new_job.dedupe_key,
        retry_of=new_job.retry_of,
        created_at=created_at,
    )


def _find_to_change(connection: Connection, org_id: int, job_id: str, expected: Sequence[int] | None) -> Job:
    job = job_store.find_to_change(connection, org_id, job_id) if is_id(job_id) else None
    if job is None:
        raise JobNotFound(job_id)
    if expected is not None and job.version not in expected:
        raise JobChanged(job_id, job.version)
    return job


def _find_in(connection: Connection, org_id: int, job_id: str) -> Job:
    job = job_store.find(connection, org_id, job_id)
    assert job is not None
    return job
