"""Counts ended items, and writes the event of each job that ends with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from infrastructure.outbox import record
from jobs.store import job as job_store
from jobs.store.job import Settlement
from models.event import EventType, NewEvent
from models.job import Job, Tally


def settle(connection: Connection, job_id: str, settlement: Settlement, moment: datetime) -> None:
    """Apply a settlement. The job ends with its last item."""
    job_store.settle(connection, job_id, settlement, moment)
    _tell_of_ended(connection, [job_id], moment)


def settle_many(connection: Connection, tallies: Mapping[str, Tally], moment: datetime) -> None:
    """Count ended items of several jobs."""
    if tallies:
        job_store.settle_many(connection, tallies, moment)
        _tell_of_ended(connection, tallies, moment)


def _tell_of_ended(connection: Connection, job_ids: Iterable[str], moment: datetime) -> None:
    ended = job_store.find_ended_at(connection, list(job_ids), moment)
    for org_id in sorted({job.org_id for job in ended}):
        record(connection, org_id, [_ended(job) for job in ended if job.org_id == org_id])


def _ended(job: Job) -> NewEvent:
    data = {
        "job_id": job.id,
        "kind": job.kind,
        "status": job.status,
        "total": job.total,
        "succeeded": job.succeeded,
        "failed": job.failed,
        "cancelled": job.cancelled,
        "error": job.error,
    }
    return NewEvent(EventType.JOB_FINISHED, f"job:{job.id}", job.id, data)
