"""What was cleared from caches, for the processes that keep one of their own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader

INSERT = text("INSERT INTO cache_clearings (id, prefix, cleared_at, cleared_by) VALUES (:id, :prefix, :cleared_at, :cleared_by)")
LIST = text("SELECT id, prefix FROM cache_clearings ORDER BY id")
DELETE_BEFORE = text("DELETE FROM cache_clearings WHERE cleared_at < :before")


def insert(connection: Connection, clearing_id: str, prefix: str, cleared_at: datetime, cleared_by: str) -> None:
    """Note that the entries whose keys begin with a prefix are to be dropped."""
    values = {"id": clearing_id, "prefix": prefix, "cleared_at": cleared_at, "cleared_by": cleared_by}
    connection.execute(INSERT, values)


def list_clearings(connection: AnyReader) -> list[tuple[str, str]]:
    """The clearings that are kept, which are those of the last hour or two: id and prefix."""
    return [(row[0], row[1]) for row in connection.execute(LIST, {})]


def delete_before(connection: Connection, before: datetime) -> int:
    """Remove what every process has heard of long ago; how many."""
    return connection.execute(DELETE_BEFORE, {"before": before}).rowcount
