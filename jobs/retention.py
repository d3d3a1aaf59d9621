"""Deletes jobs that finished long ago."""

from __future__ import annotations

from datetime import timedelta

import structlog

from database import Database
from infrastructure.sql.batches import ROWS, delete_in_batches
from jobs.store import item as item_store
from jobs.store import job as job_store
from jobs.store import total as job_total_store
from utils.clock import now

log = structlog.get_logger(__name__)


def prune_jobs(database: Database, kept_days: int, batch: int = ROWS) -> int:
    """Delete jobs that finished more than `kept_days` ago, with their items but not their results; return the number of jobs."""
    before = now() - timedelta(days=kept_days)
    deleted = 0
    while True:
        with database.read() as connection:
            job_ids = job_store.finished_before(connection, before, batch)
        if not job_ids:
            break
        for job_id in job_ids:
            _prune_job(database, job_id, batch)
        deleted += len(job_ids)
    if deleted:
        log.info("old jobs removed", jobs=deleted)
    return deleted


def _prune_job(database: Database, job_id: str, batch: int) -> None:
    delete_in_batches(database, lambda connection, limit: item_store.delete_some(connection, job_id, limit), batch)
    with database.transaction() as connection:
        job_total_store.add(connection, vars(job_store.delete(connection, job_id)))
