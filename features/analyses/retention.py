"""Removes old results."""

from __future__ import annotations

import structlog

from database import Database, current
from features.analyses.store import result as result_store
from infrastructure import cache_store as clearing_store
from infrastructure.sql.batches import ROWS, delete_beyond_newest
from models.cache import Region
from utils.clock import now
from utils.ids import new_id

log = structlog.get_logger(__name__)


def cleanup_old_analyses(kept: int = 50, database: Database | None = None, batch: int = ROWS) -> int:
    """Remove all but the newest `kept` results of each organization and ticker; return how many were removed.

    The latest result of each ticker and strategy stays. `database` is by default the process-wide one.
    """
    database = database or current()
    removed = delete_beyond_newest(database, result_store, kept, batch)
    if removed:
        log.info("old results removed", results=removed)
        with database.transaction() as connection:
            for region in (Region.ANALYSES, Region.RESULTS):
                clearing_store.insert(connection, new_id(), f"{region}:", now(), "retention")
    return removed


# Deprecated: an earlier name.
cleanup_all_stocks_analysis = cleanup_old_analyses
