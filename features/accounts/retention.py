"""Removes expired sessions."""

from __future__ import annotations

from database import Database
from features.accounts.store import session as session_store
from infrastructure.sql.batches import delete_in_batches
from utils.clock import now


def prune_sessions(database: Database) -> int:
    """Remove sessions past their expiry, whether they had ended earlier or not; return how many."""
    moment = now()
    return delete_in_batches(database, lambda connection, limit: session_store.delete_expired(connection, moment, limit))
