"""SQL of the cache clearings: which keys each process has to drop from its own cache."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader

INSERT = text("INSERT INTO cache_clearings (id, prefix, cleared_at, cleared_by) VALUES (:id, :prefix, :cleared_at, :cleared_by)")


def insert(connection: Connection, clearing_id: str, prefix: str, cleared_at: datetime, cleared_by: str) -> None:
    """Record that entries whose keys start with `prefix` are to be dropped."""
    values = {"id": clearing_id, "prefix": prefix, "cleared_at": cleared_at, "cleared_by": cleared_by}
    connection.execute(INSERT, values)


LIST = text("SELECT id, prefix FROM cache_clearings ORDER BY id")


def list_clearings(connection: AnyReader) -> list[tuple[str, str]]:
    """Id and prefix of every stored clearing: those of the last hour or two."""
    return [(row[0], row[1]) for row in connection.execute(LIST, {})]


DELETE_BEFORE = text("DELETE FROM cache_clearings WHERE cleared_at < :before")


def delete_before(connection: Connection, before: datetime) -> int:
    """Delete clearings that every process has applied long ago; return how many."""
    return connection.execute(DELETE_BEFORE, {"before": before}).rowcount
