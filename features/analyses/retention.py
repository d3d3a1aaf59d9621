"""Removing what has been kept long enough, in small batches, so that nobody waits for it."""

from __future__ import annotations

from datetime import timedelta

import structlog

import database
from api import idempotency_store
from api.idempotency import KEPT_FOR
from features.accounts.store import session as session_store
from features.analyses import store as result_store
from infrastructure import cache_store as clearing_store
from jobs.store import item as item_store
from jobs.store import job as job_store
from jobs.store import total as job_total_store
from models.cache import Region
from utils.clock import now
from utils.ids import new_id

log = structlog.get_logger(__name__)

BATCH = 500  # rows a transaction
CLEARING_HOURS = 1


def cleanup_old_analyses(kept: int = 50) -> int:
    """Remove all but the newest `kept` results of each organization and ticker; how many that were.

    A result that the screener shows stays, however old.
    """
    removed = 0
    with database.read() as connection:
        crowded = result_store.crowded_tickers(connection, kept)
    for org_id, ticker in crowded:
        while True:
            with database.transaction() as connection:
                batch = result_store.delete_beyond(connection, org_id, ticker, kept, BATCH)
            removed += batch
            if batch < BATCH:
                break
    if removed:
        log.info("old results removed", results=removed)
        with database.transaction() as connection:
            for region in (Region.ANALYSES, Region.RESULTS):
                clearing_store.insert(connection, new_id(), f"{region}:", now(), "retention")
    return removed


# The name that it had when it removed everything of a ticker; deprecated.
cleanup_all_stocks_analysis = cleanup_old_analyses


def prune_jobs(kept_days: int) -> int:
    """Remove jobs that finished more than `kept_days` ago, with their items; how many jobs that were. Their results stay."""
    before = now() - timedelta(days=kept_days)
    removed = 0
    while True:
        with database.read() as connection:
            job_ids = job_store.finished_before(connection, before, BATCH)
        if not job_ids:
            break
        for job_id in job_ids:
            _prune_job(job_id)
        removed += len(job_ids)
    if removed:
        log.info("old jobs removed", jobs=removed)
    return removed


def prune_idempotency_keys() -> int:
    """Forget answers that were given more than a day ago; how many that were."""
    with database.transaction() as connection:
        return idempotency_store.delete_before(connection, now() - KEPT_FOR)


def prune_cache_clearings() -> int:
    """Forget what caches were cleared of an hour ago, of which every process has heard; how many clearings that were."""
    with database.transaction() as connection:
        return clearing_store.delete_before(connection, now() - timedelta(hours=CLEARING_HOURS))


def prune_sessions() -> int:
    """Remove sessions that have expired, also those that had ended before; how many that were."""
    removed = 0
    while True:
        with database.transaction() as connection:
            batch = session_store.delete_expired(connection, now(), BATCH)
        removed += batch
        if batch < BATCH:
            return removed


def _prune_job(job_id: str) -> None:
    while True:
        with database.transaction() as connection:
            if item_store.delete_some(connection, job_id, BATCH) < BATCH:
                job_total_store.add(connection, vars(job_store.delete(connection, job_id)))
                return
