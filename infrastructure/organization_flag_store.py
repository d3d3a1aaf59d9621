"""SQL of the feature flags of organizations and the log of their changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from models.feature_flag import OrganizationFlagChange

_COLUMNS = "org_id, name, enabled, reason, changed_at, changed_by, by_operator"
LIST_OFF = text(f"SELECT '', {_COLUMNS} FROM organization_flags WHERE NOT enabled")


def list_off(connection: AnyReader) -> list[OrganizationFlagChange]:
    """What is switched off for whom, with empty ids."""
    return [_change_from_row(row) for row in connection.execute(LIST_OFF, {})]


LIST = text(f"SELECT '', {_COLUMNS} FROM organization_flags WHERE org_id = :org_id")


def last_changes(connection: AnyReader, org_id: int) -> dict[str, OrganizationFlagChange]:
    """The last change of every flag that was ever changed for an organization, by name, with an empty id."""
    changes = [_change_from_row(row) for row in connection.execute(LIST, {"org_id": org_id})]
    return {change.name: change for change in changes}


LIST_CHANGES = text(
    f"""
    SELECT id, {_COLUMNS}
    FROM organization_flag_changes
    WHERE org_id = :org_id AND name = :name
    ORDER BY id DESC
    LIMIT :limit
    """
)


def list_changes(connection: AnyReader, org_id: int, name: str, limit: int) -> list[OrganizationFlagChange]:
    """The newest changes of a flag for an organization, newest first."""
    values = {"org_id": org_id, "name": name, "limit": limit}
    return [_change_from_row(row) for row in connection.execute(LIST_CHANGES, values)]


# What an operator has switched off is changed by operators alone. The row decides it, so that of two changes at once neither slips by.
PUT = text(
    f"""
    INSERT INTO organization_flags ({_COLUMNS})
    VALUES (:org_id, :name, :enabled, :reason, :changed_at, :changed_by, :by_operator)
    ON CONFLICT (org_id, name) DO UPDATE SET
        enabled = excluded.enabled,
        reason = excluded.reason,
        changed_at = excluded.changed_at,
        changed_by = excluded.changed_by,
        by_operator = excluded.by_operator
    WHERE excluded.by_operator OR organization_flags.enabled OR NOT organization_flags.by_operator
    """
)
LOG_CHANGE = text(
    f"""
    INSERT INTO organization_flag_changes (id, {_COLUMNS})
    VALUES (:id, :org_id, :name, :enabled, :reason, :changed_at, :changed_by, :by_operator)
    """
)


def put(connection: Connection, change: OrganizationFlagChange) -> bool:
    """Set a flag for an organization and log the change; return False where an operator has switched it off, and this is no operator."""
    values = vars(change)
    if connection.execute(PUT, {name: value for name, value in values.items() if name != "id"}).rowcount == 0:
        return False
    connection.execute(LOG_CHANGE, values)
    return True


def _change_from_row(row: Sequence[Any]) -> OrganizationFlagChange:
    change_id, org_id, name, enabled, reason, changed_at, changed_by, by_operator = row
    return OrganizationFlagChange(change_id, org_id, name, bool(enabled), reason, changed_at, changed_by, bool(by_operator))
