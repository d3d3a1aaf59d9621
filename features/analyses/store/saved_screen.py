"""SQL of the screens that an organization has saved under a name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from infrastructure.sql.advisory_lock import hold_lock
from models.screen import SavedScreen
from utils.json_text import dump, parse_tolerant

_COLUMNS = "id, name, query, created_at, updated_at"
LIST = text(f"SELECT {_COLUMNS} FROM saved_screens WHERE org_id = :org_id ORDER BY lower(name), name")


def list_screens(connection: AnyReader, org_id: int) -> list[SavedScreen]:
    """All screens of an organization, by name."""
    return [_from_row(row) for row in connection.execute(LIST, {"org_id": org_id})]


FIND = text(f"SELECT {_COLUMNS} FROM saved_screens WHERE org_id = :org_id AND id = :id")


def find(connection: AnyReader, org_id: int, screen_id: str) -> SavedScreen | None:
    """One screen by id."""
    row = connection.execute(FIND, {"org_id": org_id, "id": screen_id}).first()
    return None if row is None else _from_row(row)


_SCREENS_LOCK = 0x7363726E


def lock_screens(connection: Connection, org_id: int) -> None:
    """Hold an organization's screens against other writers until the transaction ends: names stay unique, and the limit holds."""
    hold_lock(connection, _SCREENS_LOCK, str(org_id))


COUNT = text("SELECT count(*) FROM saved_screens WHERE org_id = :org_id")


def count(connection: Connection, org_id: int) -> int:
    """How many screens an organization has."""
    total: int = connection.execute(COUNT, {"org_id": org_id}).scalar_one()
    return total


INSERT = text(
    """
    INSERT INTO saved_screens (id, org_id, name, query, created_at, updated_at)
    VALUES (:id, :org_id, :name, :query, :created_at, :updated_at)
    ON CONFLICT (org_id, name) DO NOTHING
    """
)


def insert(connection: Connection, org_id: int, screen: SavedScreen) -> bool:
    """Add a screen unless there is one of its name; return whether it was added."""
    return connection.execute(INSERT, _values(org_id, screen)).rowcount == 1


# Nothing is changed where another screen has the name.
UPDATE = text(
    """
    UPDATE saved_screens SET name = :name, query = :query, updated_at = :updated_at
    WHERE org_id = :org_id AND id = :id
        AND NOT EXISTS (SELECT 1 FROM saved_screens AS o WHERE o.org_id = :org_id AND o.name = :name AND o.id <> :id)
    """
)


def update(connection: Connection, org_id: int, screen: SavedScreen) -> bool:
    """Change a screen unless another has its name; return whether it was changed."""
    return connection.execute(UPDATE, _values(org_id, screen)).rowcount == 1


DELETE = text("DELETE FROM saved_screens WHERE org_id = :org_id AND id = :id")


def delete(connection: Connection, org_id: int, screen_id: str) -> bool:
    """Remove a screen; return whether there was one."""
    return connection.execute(DELETE, {"org_id": org_id, "id": screen_id}).rowcount == 1


def _values(org_id: int, screen: SavedScreen) -> dict[str, Any]:
    return {**vars(screen), "org_id": org_id, "query": dump(screen.query).decode()}


def _from_row(row: Any) -> SavedScreen:
    screen_id, name, query, created_at, updated_at = row
    times: tuple[datetime, datetime] = (created_at, updated_at)
    return SavedScreen(screen_id, name, parse_tolerant(query), *times)
