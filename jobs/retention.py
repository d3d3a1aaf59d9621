"""Removing jobs that finished long ago, in small batches, so that nobody waits for it."""

from __future__ import annotations

from datetime import timedelta

import structlog

from database import Database
from jobs.store import item as item_store
from jobs.store import job as job_store
from jobs.store import total as job_total_store
from utils.clock import now

log = structlog.get_logger(__name__)

BATCH = 500  # rows a transaction


def prune_jobs(database: Database, kept_days: int, batch: int = BATCH) -> int:
    """Remove jobs that finished more than `kept_days` ago, with their items; how many jobs that were. Their results stay."""
    before = now() - timedelta(days=kept_days)
    removed = 0
    while True:
        with database.read() as connection:
            job_ids = job_store.finished_before(connection, before, batch)
        if not job_ids:
            break
        for job_id in job_ids:
            _prune_job(database, job_id, batch)
        removed += len(job_ids)
    if removed:
        log.info("old jobs removed", jobs=removed)
    return removed


def _prune_job(database: Database, job_id: str, batch: int) -> None:
    while True:
        with database.transaction() as connection:
            if item_store.delete_some(connection, job_id, batch) < batch:
                job_total_store.add(connection, vars(job_store.delete(connection, job_id)))
                return
