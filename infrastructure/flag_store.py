"""Feature flags and the log of their changes. They belong to the whole service, not to an organization."""

from __future__ import annotations

from sqlalchemy import Connection, text

from database import AnyReader
from models.feature_flag import FlagChange

COLUMNS = "name, enabled, reason, changed_at, changed_by"
LIST = text(f"SELECT {COLUMNS} FROM feature_flags ORDER BY name")
LIST_CHANGES = text(f"SELECT id, {COLUMNS} FROM feature_flag_changes WHERE name = :name ORDER BY id DESC LIMIT :limit")
PUT = text(
    f"INSERT INTO feature_flags ({COLUMNS}) VALUES (:name, :enabled, :reason, :changed_at, :changed_by) "
    "ON CONFLICT (name) DO UPDATE SET enabled = excluded.enabled, reason = excluded.reason, "
    "changed_at = excluded.changed_at, changed_by = excluded.changed_by"
)
LOG_CHANGE = text(f"INSERT INTO feature_flag_changes (id, {COLUMNS}) VALUES (:id, :name, :enabled, :reason, :changed_at, :changed_by)")


def last_changes(connection: AnyReader) -> dict[str, FlagChange]:
    """The present state of every flag that was ever changed, by name; the changes' ids are not looked up."""
    return {row[0]: FlagChange("", row[0], bool(row[1]), *row[2:]) for row in connection.execute(LIST, {})}


def list_changes(connection: Connection, name: str, limit: int) -> list[FlagChange]:
    """The newest changes of a flag, newest first."""
    rows = connection.execute(LIST_CHANGES, {"name": name, "limit": limit})
    return [FlagChange(row[0], row[1], bool(row[2]), *row[3:]) for row in rows]


def put(connection: Connection, change: FlagChange) -> None:
    """Set a flag and log the change."""
    values = vars(change)
    connection.execute(PUT, {name: value for name, value in values.items() if name != "id"})
    connection.execute(LOG_CHANGE, values)
