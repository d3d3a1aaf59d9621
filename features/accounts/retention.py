"""Removes expired sessions in small batches, so that the write lock is never held for long."""

from __future__ import annotations

from database import Database
from features.accounts.store import session as session_store
from utils.clock import now

BATCH = 500  # rows a transaction


def prune_sessions(database: Database) -> int:
    """Remove sessions past their expiry, whether they had ended earlier or not; return how many."""
    removed = 0
    while True:
        with database.transaction() as connection:
            batch = session_store.delete_expired(connection, now(), BATCH)
        removed += batch
        if batch < BATCH:
            return removed
