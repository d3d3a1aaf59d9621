"""SQL of the audit log. Rows are added; the database refuses every change of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from models.audit import ActorKind, AuditEntry, AuditFilter
from utils.json_text import parse_tolerant

_COLUMNS = "id, org_id, at, actor_kind, actor, action, target_type, target, before, after, ip, request_id"
INSERT = text(
    f"""
    INSERT INTO audit_log ({_COLUMNS})
    VALUES (:id, :org_id, :at, :actor_kind, :actor, :action, :target_type, :target, :before, :after, :ip, :request_id)
    """
)


def insert(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Add rows with these columns."""
    for row in rows:  # one, almost always
        connection.execute(INSERT, row)


_FILTERED = """
        (CAST(:actor AS TEXT) IS NULL OR actor = :actor)
        AND (CAST(:action AS TEXT) IS NULL OR action = :action)
        AND (CAST(:target AS TEXT) IS NULL OR target = :target)
        AND (CAST(:target_type AS TEXT) IS NULL OR target_type = :target_type)
        AND (CAST(:since AS TIMESTAMPTZ) IS NULL OR at >= :since)
        AND (CAST(:until AS TIMESTAMPTZ) IS NULL OR at < :until)
        AND (CAST(:before_id AS TEXT) IS NULL OR id < :before_id)
    ORDER BY id DESC
    LIMIT :limit
"""
LIST_ALL = text(f"SELECT {_COLUMNS} FROM audit_log WHERE {_FILTERED}")
LIST = text(f"SELECT {_COLUMNS} FROM audit_log WHERE org_id = :org_id AND {_FILTERED}")
# Each names the column of its index first: SQLite uses none for a condition that may be empty.
LIST_OF_TARGET = text(f"SELECT {_COLUMNS} FROM audit_log WHERE org_id = :org_id AND target = :target AND {_FILTERED}")
LIST_OF_ACTOR = text(f"SELECT {_COLUMNS} FROM audit_log WHERE org_id = :org_id AND actor = :actor AND {_FILTERED}")
LIST_OF_ACTION = text(f"SELECT {_COLUMNS} FROM audit_log WHERE org_id = :org_id AND action = :action AND {_FILTERED}")


def list_entries(connection: AnyReader, wanted: AuditFilter, before_id: str | None, limit: int) -> list[AuditEntry]:
    """Up to `limit` entries, newest first; with `before_id`, only older ones. Without an organization, those of all and of none."""
    is_type = wanted.target is not None and "/" not in wanted.target
    values = {
        "actor": wanted.actor,
        "action": wanted.action,
        "target": None if is_type else wanted.target,
        "target_type": wanted.target if is_type else None,
        "since": wanted.since,
        "until": wanted.until,
        "before_id": before_id,
        "limit": limit,
    }
    if wanted.org_id is None:
        return [_entry(*row) for row in connection.execute(LIST_ALL, values)]
    by_index = (("target", LIST_OF_TARGET), ("actor", LIST_OF_ACTOR), ("action", LIST_OF_ACTION))
    statement = next((each for name, each in by_index if values[name] is not None), LIST)
    return [_entry(*row) for row in connection.execute(statement, {**values, "org_id": wanted.org_id})]


DELETE_BEFORE = text(
    """
    DELETE FROM audit_log
    WHERE id IN (SELECT id FROM audit_log WHERE id < :before_id AND at < :before ORDER BY id LIMIT :limit)
    """
)


def delete_before(connection: Connection, before: datetime, before_id: str, limit: int) -> int:
    """Delete up to `limit` entries from before a time, whose ids are below `before_id`; return how many."""
    return connection.execute(DELETE_BEFORE, {"before": before, "before_id": before_id, "limit": limit}).rowcount


def _entry(*columns: Any) -> AuditEntry:
    entry_id, org_id, at, kind, actor, action, target_type, target, before, after, ip, request_id = columns
    return AuditEntry(
        entry_id, org_id, at, ActorKind(kind), actor, action, target_type, target, _parsed(before), _parsed(after), ip, request_id
    )


def _parsed(stored: str | None) -> Any:
    return None if stored is None else parse_tolerant(stored)
