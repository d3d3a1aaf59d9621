"""SQL of how far changed verdicts have been told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader

FIND = text("SELECT position FROM told_changes WHERE org_id = :org_id AND name = :name")


def find(connection: AnyReader, org_id: int, name: str) -> int | None:
    """The position up to which is told; None where nothing has been."""
    row = connection.execute(FIND, {"org_id": org_id, "name": name}).first()
    return None if row is None else int(row[0])


# A run that comes late takes nothing back.
SAVE = text(
    """
    INSERT INTO told_changes (org_id, name, position, updated_at)
    VALUES (:org_id, :name, :position, :updated_at)
    ON CONFLICT (org_id, name) DO UPDATE SET position = excluded.position, updated_at = excluded.updated_at
    WHERE told_changes.position < excluded.position
    """
)


def save(connection: Connection, org_id: int, name: str, position: int, moment: datetime) -> None:
    """Note that everything up to a position is told."""
    connection.execute(SAVE, {"org_id": org_id, "name": name, "position": position, "updated_at": moment})
