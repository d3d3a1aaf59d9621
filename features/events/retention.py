"""How long events are kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from database import Database
from infrastructure import event_store
from infrastructure.sql.batches import delete_in_batches
from utils.clock import now

KEPT_FOR = timedelta(days=30)


def prune_events(database: Database, moment: datetime | None = None) -> int:
    """Delete events that are older than KEPT_FOR and that every subscriber has read; return their number."""
    before = (moment or now()) - KEPT_FOR
    return delete_in_batches(database, lambda connection, limit: event_store.delete_old(connection, before, limit))
