"""The time at which each maintenance task was last taken by any process."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

# A task that was never taken has no row.
TAKE = text("""
    INSERT INTO maintenance_tasks (name, taken_at)
    VALUES (:name, :now)
    ON CONFLICT (name) DO UPDATE SET taken_at = excluded.taken_at
    WHERE maintenance_tasks.taken_at <= :due
""")


def take(connection: Connection, name: str, now: datetime, due: datetime) -> bool:
    """Take a task for this process, unless one has taken it after `due`; return whether it was taken."""
    return connection.execute(TAKE, {"name": name, "now": now, "due": due}).rowcount == 1
