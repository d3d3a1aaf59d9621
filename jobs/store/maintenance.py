"""When each maintenance task was last taken on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

TAKE = text("UPDATE maintenance_tasks SET taken_at = :now WHERE name = :name AND taken_at <= :due")


def take(connection: Connection, name: str, now: datetime, due: datetime) -> bool:
    """Take a task on unless somebody has since `due`; whether it is ours."""
    return connection.execute(TAKE, {"name": name, "now": now, "due": due}).rowcount == 1
