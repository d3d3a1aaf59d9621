"""How long the audit log is kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from database import Database
from infrastructure import audit_store
from infrastructure.sql.batches import delete_in_batches
from utils.clock import now
from utils.ids import first_id_at

# The database's clock decides whether a row may go, and this process's clock may be ahead of it.
SLACK = timedelta(hours=1)


def prune_audit_log(database: Database, kept_days: int, moment: datetime | None = None) -> int:
    """Delete the entries that are older; return how many."""
    before = (moment or now()) - timedelta(days=kept_days) - SLACK
    first_kept = first_id_at(before)
    return delete_in_batches(database, lambda connection, limit: audit_store.delete_before(connection, before, first_kept, limit))
