"""Removes old evidence."""

from __future__ import annotations

import structlog

from database import Database
from features.evidence.store import evidence as evidence_store
from infrastructure.sql.batches import ROWS, delete_beyond_newest, delete_in_batches

log = structlog.get_logger(__name__)


def prune_evidence(database: Database, kept: int, batch: int = ROWS) -> int:
    """Remove all but the newest `kept` of each organization and ticker, and those of tickers without prices; return how many."""
    removed = delete_in_batches(database, evidence_store.delete_without_prices, batch)
    removed += delete_beyond_newest(database, evidence_store, kept, batch)
    if removed:
        log.info("old evidence removed", rows=removed)
    return removed
