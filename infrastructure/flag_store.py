"""SQL of the feature flags and the log of their changes. Flags belong to the whole service, not to an organization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from models.feature_flag import FlagChange

_COLUMNS = "name, enabled, reason, changed_at, changed_by"
LIST = text(f"SELECT '', {_COLUMNS} FROM feature_flags ORDER BY name")


def last_changes(connection: AnyReader) -> dict[str, FlagChange]:
    """The last change of every flag that was ever changed, by name, with an empty id."""
    return {row[1]: _change_from_row(row) for row in connection.execute(LIST, {})}


LIST_CHANGES = text(f"SELECT id, {_COLUMNS} FROM feature_flag_changes WHERE name = :name ORDER BY id DESC LIMIT :limit")


def list_changes(connection: Connection, name: str, limit: int) -> list[FlagChange]:
    """The newest changes of a flag, newest first."""
    return [_change_from_row(row) for row in connection.execute(LIST_CHANGES, {"name": name, "limit": limit})]


PUT = text(
    f"""
    INSERT INTO feature_flags ({_COLUMNS})
    VALUES (:name, :enabled, :reason, :changed_at, :changed_by)
    ON CONFLICT (name) DO UPDATE SET
        enabled = excluded.enabled,
        reason = excluded.reason,
        changed_at = excluded.changed_at,
        changed_by = excluded.changed_by
    """
)
LOG_CHANGE = text(
    f"""
    INSERT INTO feature_flag_changes (id, {_COLUMNS})
    VALUES (:id, :name, :enabled, :reason, :changed_at, :changed_by)
    """
)


def put(connection: Connection, change: FlagChange) -> None:
    """Set a flag and log the change."""
    values = vars(change)
    connection.execute(PUT, {name: value for name, value in values.items() if name != "id"})
    connection.execute(LOG_CHANGE, values)


def _change_from_row(row: Sequence[Any]) -> FlagChange:
    change_id, name, enabled, *rest = row
    return FlagChange(change_id, name, bool(enabled), *rest)
