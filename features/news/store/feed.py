"""SQL of the feeds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.news import Feed, Validators
from utils.dialects import locking

_COLUMNS = """id, url, ticker, title, told_title, enabled, fetched_at, error, failures, next_at, created_at, created_by, changed_by,
    updated_at"""

LIST = text(f"SELECT {_COLUMNS} FROM feeds WHERE org_id = :org_id ORDER BY id")


def list_feeds(connection: AnyReader, org_id: int) -> list[Feed]:
    """All feeds of an organization, in the order in which they were added."""
    return [_feed(row) for row in connection.execute(LIST, {"org_id": org_id})]


FIND = text(f"SELECT {_COLUMNS} FROM feeds WHERE org_id = :org_id AND id = :id")


def find(connection: AnyReader, org_id: int, feed_id: str) -> Feed | None:
    """One feed."""
    row = connection.execute(FIND, {"org_id": org_id, "id": feed_id}).first()
    return None if row is None else _feed(row)


FIND_VALIDATORS = text("SELECT etag, last_modified FROM feeds WHERE org_id = :org_id AND id = :id")


def find_validators(connection: AnyReader, org_id: int, feed_id: str) -> Validators:
    """What the server gave with its last answer."""
    row = connection.execute(FIND_VALIDATORS, {"org_id": org_id, "id": feed_id}).first()
    return Validators() if row is None else Validators(*row)


LOCK = locking("SELECT id FROM feeds WHERE org_id = :org_id AND id = :id {lock}", "FOR UPDATE")


def lock(connection: Connection, org_id: int, feed_id: str) -> bool:
    """Hold a feed against others who store its items; return whether it is there."""
    return connection.execute(LOCK.on(connection), {"org_id": org_id, "id": feed_id}).first() is not None


INSERT = text(
    """
    INSERT INTO feeds (id, org_id, url, ticker, title, enabled, next_at, created_at, created_by, changed_by, updated_at)
    VALUES (:id, :org_id, :url, :ticker, :title, :enabled, :next_at, :created_at, :created_by, :changed_by, :updated_at)
    ON CONFLICT (org_id, url) DO NOTHING
    """
)


def insert(connection: Connection, org_id: int, feed: Feed) -> bool:
    """Add a feed unless its address is read already; return whether it was added."""
    return connection.execute(INSERT, {"org_id": org_id, **vars(feed)}).rowcount == 1


# Another address begins anew: what its server said of the former one means nothing.
UPDATE = text(
    """
    UPDATE feeds SET
        url = :url, ticker = :ticker, title = :title, enabled = :enabled, changed_by = :changed_by, updated_at = :updated_at,
        next_at = :next_at, failures = :failures, error = :error,
        etag = CASE WHEN url = :url THEN etag END, last_modified = CASE WHEN url = :url THEN last_modified END
    WHERE org_id = :org_id AND id = :id
        AND NOT EXISTS (SELECT 1 FROM feeds AS o WHERE o.org_id = :org_id AND o.url = :url AND o.id <> :id)
    """
)


def update(connection: Connection, org_id: int, feed: Feed) -> bool:
    """Store a feed's changes unless another feed has its address; return whether they were stored."""
    return connection.execute(UPDATE, {"org_id": org_id, **vars(feed)}).rowcount == 1


DELETE = text("DELETE FROM feeds WHERE org_id = :org_id AND id = :id")


def delete(connection: Connection, org_id: int, feed_id: str) -> bool:
    """Delete a feed with its items; return whether it was there."""
    return connection.execute(DELETE, {"org_id": org_id, "id": feed_id}).rowcount == 1


NO_VALIDATORS = Validators()


@dataclass(frozen=True)
class Reading:
    """What became of reading a feed. Without an `error` it has answered."""

    moment: datetime
    next_at: datetime
    validators: Validators = NO_VALIDATORS
    told_title: str | None = None
    error: str | None = None
    is_gone: bool = False


SAVE_ANSWER = text(
    """
    UPDATE feeds SET
        fetched_at = :moment, next_at = :next_at, error = NULL, failures = 0, etag = :etag, last_modified = :last_modified,
        told_title = COALESCE(:told_title, told_title)
    WHERE org_id = :org_id AND id = :id
    """
)
SAVE_FAILURE = text(
    """
    UPDATE feeds SET error = :error, failures = failures + 1, next_at = :next_at, enabled = CASE WHEN :is_gone THEN FALSE ELSE enabled END
    WHERE org_id = :org_id AND id = :id
    """
)


def save_reading(connection: Connection, org_id: int, feed_id: str, reading: Reading) -> None:
    """Note what became of reading a feed, and when it is read next."""
    values = {"org_id": org_id, "id": feed_id, "moment": reading.moment, "next_at": reading.next_at}
    if reading.error is None:
        connection.execute(SAVE_ANSWER, {**values, **vars(reading.validators), "told_title": reading.told_title})
    else:
        del values["moment"]
        connection.execute(SAVE_FAILURE, {**values, "error": reading.error, "is_gone": reading.is_gone})


LIST_DUE = text("SELECT org_id, id FROM feeds WHERE enabled AND next_at <= :moment ORDER BY next_at LIMIT :limit")


def list_due(connection: AnyReader, moment: datetime, limit: int) -> list[tuple[int, str]]:
    """Organizations and feeds that are to be read, the longest due first."""
    return [(row[0], row[1]) for row in connection.execute(LIST_DUE, {"moment": moment, "limit": limit})]


STOP_ALL = text("UPDATE feeds SET enabled = FALSE WHERE org_id = :org_id AND enabled")


def stop_all(connection: Connection, org_id: int) -> int:
    """Let no feed of an organization that is being removed be read by itself; return how many were."""
    return connection.execute(STOP_ALL, {"org_id": org_id}).rowcount


POSTPONE = text("UPDATE feeds SET next_at = :next_at WHERE org_id = :org_id AND id IN :ids").bindparams(bindparam("ids", expanding=True))


def postpone(connection: Connection, org_id: int, feed_ids: Collection[str], next_at: datetime) -> None:
    """Feeds whose reading is queued are not due until then."""
    connection.execute(POSTPONE, {"org_id": org_id, "ids": list(feed_ids), "next_at": next_at})


def _feed(row: Sequence[object]) -> Feed:
    values = list(row)
    values[5] = bool(values[5])  # SQLite has no booleans
    return Feed(*values)  # type: ignore[arg-type]
