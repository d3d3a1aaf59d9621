"""Removes old results."""

from __future__ import annotations

import structlog

from database import Database, current
from features.analyses.store import result as result_store
from infrastructure import cache_store as clearing_store
from infrastructure.sql.batches import ROWS, delete_in_batches
from models.cache import Region
from utils.clock import now
from utils.ids import new_id

log = structlog.get_logger(__name__)


def cleanup_old_analyses(kept: int = 50, database: Database | None = None, batch: int = ROWS) -> int:
    """Remove all but the newest `kept` results of each organization and ticker; return how many were removed.

    The latest result of each ticker and strategy stays. `database` is by default the process-wide one.
    """
    database = database or current()
    removed = 0
    with database.read() as connection:
        crowded = result_store.crowded_tickers(connection, kept)
    for org_id, ticker in crowded:
        removed += _prune_ticker(database, org_id, ticker, kept, batch)
    if removed:
        log.info("old results removed", results=removed)
        with database.transaction() as connection:
            for region in (Region.ANALYSES, Region.RESULTS):
                clearing_store.insert(connection, new_id(), f"{region}:", now(), "retention")
    return removed


def _prune_ticker(database: Database, org_id: int, ticker: str, kept: int, batch: int) -> int:
    return delete_in_batches(database, lambda connection, limit: result_store.delete_beyond(connection, org_id, ticker, kept, limit), batch)


# Deprecated: an earlier name.
cleanup_all_stocks_analysis = cleanup_old_analyses
