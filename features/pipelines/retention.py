"""Removes old runs, with their traces."""

from __future__ import annotations

from datetime import timedelta

import structlog

from database import Database
from features.pipelines.store import run as run_store
from infrastructure.sql.batches import delete_in_batches
from models.pipeline import RUNS_KEPT_DAYS
from utils.clock import now

log = structlog.get_logger(__name__)

RUNS = 100  # in one transaction: their answers may have a megabyte each


def prune_runs(database: Database, days: int = RUNS_KEPT_DAYS, batch: int = RUNS) -> int:
    """Remove runs that ended more than `days` ago; return how many."""
    before = now() - timedelta(days=days)
    removed = delete_in_batches(database, lambda connection, limit: run_store.delete_ended_before(connection, before, limit), batch)
    if removed:
        log.info("old runs removed", runs=removed)
    return removed
