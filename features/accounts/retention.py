"""Removing sessions that are over, in small batches, so that nobody waits for it."""

from __future__ import annotations

from database import Database
from features.accounts.store import session as session_store
from utils.clock import now

BATCH = 500  # rows a transaction


def prune_sessions(database: Database) -> int:
    """Remove sessions that have expired, also those that had ended before; how many that were."""
    removed = 0
    while True:
        with database.transaction() as connection:
            batch = session_store.delete_expired(connection, now(), BATCH)
        removed += batch
        if batch < BATCH:
            return removed
