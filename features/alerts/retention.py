"""Removes old alerts."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from database import Database
from features.alerts.store import alert as alert_store
from infrastructure.sql.batches import ROWS, delete_in_batches
from utils.clock import now

log = structlog.get_logger(__name__)

KEPT = timedelta(days=365)


def prune_alerts(database: Database, moment: datetime | None = None, batch: int = ROWS) -> int:
    """Remove alerts of more than a year ago; return how many."""
    before = (moment or now()) - KEPT
    removed = delete_in_batches(database, lambda connection, limit: alert_store.delete_old(connection, before, limit), batch)
    if removed:
        log.info("old alerts removed", alerts=removed)
    return removed
