"""When each maintenance task was last taken."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

# A task that nobody has taken before has no row.
TAKE = text("""
    INSERT INTO maintenance_tasks (name, taken_at)
    VALUES (:name, :now)
    ON CONFLICT (name) DO UPDATE SET taken_at = excluded.taken_at
    WHERE maintenance_tasks.taken_at <= :due
""")


def take(connection: Connection, name: str, now: datetime, due: datetime) -> bool:
    """Take a task unless somebody has since `due`; whether it is ours."""
    return connection.execute(TAKE, {"name": name, "now": now, "due": due}).rowcount == 1
