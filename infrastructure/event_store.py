"""SQL of the events, their positions, and how far each subscriber has come."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.api_key import SHARED_ORG
from models.event import Event
from utils.dialects import execute_rows, locking, many_rows
from utils.json_text import parse_tolerant

_COLUMNS = "id, org_id, type, subject, key, data, created_at, created_by, position"
INSERT = many_rows(
    "INSERT INTO events",
    {
        "id": "text", "org_id": "bigint", "type": "text", "subject": "text", "key": "text", "data": "text", "created_at": "timestamptz",
        "created_by": "text",
    },
    "ON CONFLICT (org_id, key) DO NOTHING",
)  # fmt: skip


def insert(connection: Connection, rows: Sequence[dict[str, Any]]) -> int:
    """Insert events with these columns, except those whose key their organization has; return how many were inserted."""
    return execute_rows(connection, INSERT, rows)


FIND_KEYS = text("SELECT key FROM events WHERE org_id = :org_id AND key IN :keys").bindparams(bindparam("keys", expanding=True))


def find_keys(connection: AnyReader, org_id: int, keys: Collection[str]) -> set[str]:
    """Those of the keys that the organization has."""
    return {row[0] for row in connection.execute(FIND_KEYS, {"org_id": org_id, "keys": list(keys)})} if keys else set()


FIND_BY_KEY = text(f"SELECT {_COLUMNS} FROM events WHERE org_id = :org_id AND key = :key")


def find_by_key(connection: AnyReader, org_id: int, key: str) -> Event | None:
    """The organization's event with this key, else None."""
    row = connection.execute(FIND_BY_KEY, {"org_id": org_id, "key": key}).first()
    return None if row is None else _event(row)


FIND = text(f"SELECT {_COLUMNS} FROM events WHERE org_id IN (:org_id, {SHARED_ORG}) AND id = :id")


def find(connection: AnyReader, org_id: int, event_id: str) -> Event | None:
    """The event with this id, of the organization or of all, else None."""
    row = connection.execute(FIND, {"org_id": org_id, "id": event_id}).first()
    return None if row is None else _event(row)


_OF_ORG = f"org_id IN (:org_id, {SHARED_ORG})"
LIST = text(
    f"""
    SELECT {_COLUMNS}
    FROM events
    WHERE {_OF_ORG}
        AND (CAST(:type AS TEXT) IS NULL OR type = :type)
        AND (CAST(:subject AS TEXT) IS NULL OR subject = :subject)
        AND (CAST(:before AS TEXT) IS NULL OR id < :before)
    ORDER BY id DESC
    LIMIT :limit
    """
)


@dataclass(frozen=True)
class EventFilter:
    """The events of a list; None for those of any kind."""

    type: str | None = None
    subject: str | None = None


def list_events(connection: AnyReader, org_id: int, wanted: EventFilter, before: str | None, limit: int) -> list[Event]:
    """Up to `limit` events, newest first; with the id `before`, only those older than that event."""
    values = {"org_id": org_id, "type": wanted.type, "subject": wanted.subject, "before": before, "limit": limit}
    return [_event(row) for row in connection.execute(LIST, values)]


FOLLOW = text(f"SELECT {_COLUMNS} FROM events WHERE position > :position AND {_OF_ORG} ORDER BY position LIMIT :limit")


def follow(connection: AnyReader, org_id: int, position: int, limit: int) -> list[Event]:
    """Up to `limit` events that were handed out after a position, in the order of their positions."""
    return [_event(row) for row in connection.execute(FOLLOW, {"org_id": org_id, "position": position, "limit": limit})]


OF_TYPE = text(
    f"""
    SELECT {_COLUMNS}
    FROM events
    WHERE {_OF_ORG} AND type = :type AND position > :after AND position <= :until
    ORDER BY position
    LIMIT :limit
    """
)


def of_type(connection: AnyReader, org_id: int, event_type: str, window: tuple[int, int], limit: int) -> list[Event]:
    """Up to `limit` events of a type behind the first position of a window, up to and with the second, in order."""
    values = {"org_id": org_id, "type": event_type, "after": window[0], "until": window[1], "limit": limit}
    return [_event(row) for row in connection.execute(OF_TYPE, values)]


# Only the positions near a time are known by it: events get theirs a moment after they are written.
POSITION_AT = text("SELECT position FROM events WHERE created_at < :moment AND position IS NOT NULL ORDER BY created_at DESC LIMIT 1")


def position_at(connection: AnyReader, moment: datetime) -> int:
    """The position of the newest event from before a time; 0 where there is none."""
    row = connection.execute(POSITION_AT, {"moment": moment}).first()
    return 0 if row is None else int(row[0])


HAS_WAITING = text("SELECT 1 FROM events WHERE position IS NULL LIMIT 1")


def has_waiting(connection: AnyReader) -> bool:
    """Whether an event has not been handed out."""
    return connection.execute(HAS_WAITING, {}).first() is not None


LOCK_POSITION = locking("SELECT position FROM event_positions WHERE one = 1 {lock}", "FOR UPDATE")
PLACE = text(
    """
    UPDATE events
    SET position = :last + waiting.place
    FROM (
        SELECT id, row_number() OVER (ORDER BY id) AS place
        FROM events
        WHERE position IS NULL
        ORDER BY id
        LIMIT :limit
    ) AS waiting
    WHERE events.id = waiting.id
    """
)
SET_LAST_POSITION = text("UPDATE event_positions SET position = :position WHERE one = 1")


def place_waiting(connection: Connection, limit: int) -> int:
    """Give positions to up to `limit` events, the oldest first; return how many. Others who do the same wait for this transaction."""
    last = connection.execute(LOCK_POSITION.on(connection), {}).scalar_one()
    placed: int = connection.execute(PLACE, {"last": last, "limit": limit}).rowcount
    if placed:
        connection.execute(SET_LAST_POSITION, {"position": last + placed})
    return placed


LAST_POSITION = text("SELECT position FROM event_positions WHERE one = 1")


def last_position(connection: AnyReader) -> int:
    """The last position that was given; 0 before the first."""
    row = connection.execute(LAST_POSITION, {}).first()
    return 0 if row is None else int(row[0])


@dataclass(frozen=True)
class Progress:
    """How far a subscriber has come, and its failures in a row at the event behind that."""

    name: str
    position: int
    failures: int
    error: str | None
    updated_at: datetime


_PROGRESS = "name, position, failures, error, updated_at"
LIST_PROGRESS = text(f"SELECT {_PROGRESS} FROM event_subscribers ORDER BY name")


def list_progress(connection: AnyReader) -> list[Progress]:
    """How far each subscriber has come."""
    return [Progress(*row) for row in connection.execute(LIST_PROGRESS, {})]


LOCK_PROGRESS = locking(f"SELECT {_PROGRESS} FROM event_subscribers WHERE name = :name {{lock}}", "FOR UPDATE")


def lock_progress(connection: Connection, name: str) -> Progress | None:
    """How far a subscriber has come, locked until the transaction ends; None for a new one."""
    row = connection.execute(LOCK_PROGRESS.on(connection), {"name": name}).first()
    return None if row is None else Progress(*row)


BEHIND = text(f"SELECT {_COLUMNS} FROM events WHERE position > :position AND type IN :types ORDER BY position LIMIT :limit").bindparams(
    bindparam("types", expanding=True)
)


def events_behind(connection: Connection, position: int, types: Collection[str], limit: int) -> list[Event]:
    """Up to `limit` events of these types after a position, of every organization, in order."""
    return [_event(row) for row in connection.execute(BEHIND, {"position": position, "types": list(types), "limit": limit})]


SAVE_PROGRESS = text(
    f"""
    INSERT INTO event_subscribers ({_PROGRESS})
    VALUES (:name, :position, :failures, :error, :updated_at)
    ON CONFLICT (name) DO UPDATE SET
        position = excluded.position,
        failures = excluded.failures,
        error = excluded.error,
        updated_at = excluded.updated_at
    """
)


def save_progress(connection: Connection, progress: Progress) -> None:
    """Store how far a subscriber has come."""
    connection.execute(SAVE_PROGRESS, vars(progress))


# What has not been handed out, or not been read by every subscriber, is kept however old it is.
DELETE_OLD = text(
    """
    DELETE FROM events
    WHERE id IN (
        SELECT id
        FROM events
        WHERE created_at < :before AND position <= (SELECT COALESCE(min(position), 0) FROM event_subscribers)
        ORDER BY created_at
        LIMIT :limit
    )
    """
)


def delete_old(connection: Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` events from before a time that every subscriber has read; return how many."""
    deleted: int = connection.execute(DELETE_OLD, {"before": before, "limit": limit}).rowcount
    return deleted


COUNT_WAITING = text("SELECT count(*) FROM events WHERE position IS NULL")
OLDEST_WAITING = text("SELECT created_at FROM events WHERE position IS NULL ORDER BY id LIMIT 1")


def count_waiting(connection: AnyReader) -> tuple[int, datetime | None]:
    """How many events have not been handed out, and since when the oldest waits."""
    oldest = connection.execute(OLDEST_WAITING, {}).first()
    if oldest is None:
        return 0, None
    row = connection.execute(COUNT_WAITING, {}).first()
    return 0 if row is None else int(row[0]), oldest[0]


def _event(row: Any) -> Event:
    event_id, org_id, event_type, subject, key, data, created_at, created_by, position = row
    return Event(event_id, org_id, event_type, subject, key, parse_tolerant(data), created_at, created_by, position)
