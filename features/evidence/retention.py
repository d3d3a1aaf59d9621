"""Removes old evidence."""

from __future__ import annotations

import structlog

from database import Database
from features.evidence.store import evidence as evidence_store
from infrastructure.sql.batches import ROWS, delete_in_batches

log = structlog.get_logger(__name__)


def prune_evidence(database: Database, kept: int, batch: int = ROWS) -> int:
    """Remove all but the newest `kept` of each organization and ticker, and those of tickers without prices; return how many."""
    with database.read() as connection:
        crowded = evidence_store.crowded_tickers(connection, kept)
    removed = delete_in_batches(database, evidence_store.delete_without_prices, batch)
    for org_id, ticker in crowded:
        removed += _prune_ticker(database, (org_id, ticker), kept, batch)
    if removed:
        log.info("old evidence removed", rows=removed)
    return removed


def _prune_ticker(database: Database, owner: tuple[int, str], kept: int, batch: int) -> int:
    return delete_in_batches(database, lambda connection, limit: evidence_store.delete_beyond(connection, *owner, kept, limit), batch)
