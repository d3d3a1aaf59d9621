"""Keeps what the screener filters and sorts by complete."""

from __future__ import annotations

import structlog

from database import Database
from features.analyses.store import latest as latest_store
from infrastructure.sql.batches import ROWS

log = structlog.get_logger(__name__)


def fill_in_screener(database: Database, batch: int = ROWS) -> int:
    """Give the latest results that lack them the values that the screener filters and sorts by; return how many did.

    They are rows from before there were such values, and those that older code writes during a deploy. Each batch is a transaction.
    """
    total = 0
    while True:
        with database.transaction() as connection:
            found = latest_store.fill_in(connection, batch)
        total += found
        if found < batch:
            break
    if total:
        log.info("the screener's values filled in", results=total)
    return total
