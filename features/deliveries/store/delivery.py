"""SQL of the deliveries and their attempts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.message import Attempt, AttemptOutcome, Delivery, DeliveryStatus
from utils.dialects import Variants, execute_rows, many_rows

_COLUMNS = """
    d.id, d.org_id, d.channel_id, c.name, d.event, d.subject, d.title, d.status, d.reason, d.attempts, d.next_at, d.job_id, d.created_at,
    d.finished_at
"""
_FROM = "FROM deliveries AS d JOIN channels AS c ON c.id = d.channel_id"

INSERT = many_rows(
    "INSERT INTO deliveries",
    {
        "id": "text", "org_id": "bigint", "channel_id": "text", "key": "text", "event": "text", "subject": "text", "title": "text",
        "message": "text", "status": "text", "reason": "text", "queued_at": "timestamptz", "created_at": "timestamptz",
        "finished_at": "timestamptz",
    },
    "ON CONFLICT (channel_id, key) DO NOTHING",
)  # fmt: skip


def insert(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Add deliveries with these columns, except those whose channel has one with their key."""
    execute_rows(connection, INSERT, rows)


FIND_BY_KEY = text("SELECT channel_id, id FROM deliveries WHERE channel_id IN :channels AND key = :key").bindparams(
    bindparam("channels", expanding=True)
)


def find_by_key(connection: Connection, channel_ids: Collection[str], key: str) -> dict[str, str]:
    """The ids of the deliveries with a key, by channel."""
    rows = connection.execute(FIND_BY_KEY, {"channels": list(channel_ids), "key": key})
    return {row[0]: row[1] for row in rows}


LIST = text(
    f"""
    SELECT {_COLUMNS}
    {_FROM}
    WHERE d.org_id = :org_id
        AND (CAST(:status AS TEXT) IS NULL OR d.status = :status)
        AND (CAST(:channel_id AS TEXT) IS NULL OR d.channel_id = :channel_id)
        AND (CAST(:event AS TEXT) IS NULL OR d.event = :event)
        AND (CAST(:before AS TEXT) IS NULL OR d.id < :before)
    ORDER BY d.id DESC
    LIMIT :limit
    """
)


@dataclass(frozen=True)
class DeliveryFilter:
    """The deliveries of a list; None for those of any kind."""

    status: str | None = None
    channel_id: str | None = None
    event: str | None = None


def list_deliveries(connection: AnyReader, org_id: int, wanted: DeliveryFilter, before: str | None, limit: int) -> list[Delivery]:
    """Up to `limit` deliveries, newest first; with the id `before`, only those older than that one."""
    values = {"org_id": org_id, **vars(wanted), "before": before, "limit": limit}
    return [_delivery(row) for row in connection.execute(LIST, values)]


LAST_OF_CHANNELS = text(
    """
    SELECT d.channel_id, d.status, d.reason, d.finished_at
    FROM channels AS c
    JOIN deliveries AS d ON d.id = (
        SELECT l.id
        FROM deliveries AS l
        WHERE l.org_id = c.org_id AND l.channel_id = c.id AND l.status IN ('delivered', 'failed')
        ORDER BY l.id DESC
        LIMIT 1
    )
    WHERE c.org_id = :org_id AND c.deleted_at IS NULL
    """
)


@dataclass(frozen=True)
class LastDelivery:
    """What became of the newest message of a channel that was sent or given up."""

    status: DeliveryStatus
    reason: str | None
    finished_at: datetime


def last_of_channels(connection: AnyReader, org_id: int) -> dict[str, LastDelivery]:
    """The last delivery of each channel of an organization, by the channel's id."""
    rows = connection.execute(LAST_OF_CHANNELS, {"org_id": org_id})
    return {channel_id: LastDelivery(DeliveryStatus(status), *rest) for channel_id, status, *rest in rows}


FIND = text(f"SELECT {_COLUMNS} {_FROM} WHERE d.org_id = :org_id AND d.id = :id")


def find(connection: AnyReader, org_id: int, delivery_id: str) -> Delivery | None:
    """The delivery with this id."""
    row = connection.execute(FIND, {"org_id": org_id, "id": delivery_id}).first()
    return None if row is None else _delivery(row)


LOCK = Variants(f"{FIND.text}", f"{FIND.text} FOR UPDATE OF d")


def lock(connection: Connection, org_id: int, delivery_id: str) -> Delivery | None:
    """The delivery with this id, locked until the transaction ends."""
    row = connection.execute(LOCK.on(connection), {"org_id": org_id, "id": delivery_id}).first()
    return None if row is None else _delivery(row)


MESSAGE = text("SELECT message FROM deliveries WHERE org_id = :org_id AND id = :id")


def message_of(connection: AnyReader, org_id: int, delivery_id: str) -> str | None:
    """The message of a delivery, as JSON."""
    row = connection.execute(MESSAGE, {"org_id": org_id, "id": delivery_id}).first()
    return None if row is None else str(row[0])


ATTEMPTS = text(
    "SELECT delivery_id, at, outcome, ms, code, error, answer FROM delivery_attempts WHERE delivery_id IN :ids ORDER BY delivery_id, number"
).bindparams(bindparam("ids", expanding=True))


def attempts_of(connection: Connection, delivery_ids: Collection[str]) -> dict[str, list[Attempt]]:
    """The attempts of deliveries of one organization, the oldest first."""
    found: dict[str, list[Attempt]] = {delivery_id: [] for delivery_id in delivery_ids}
    for delivery_id, at, outcome, *rest in connection.execute(ATTEMPTS, {"ids": list(delivery_ids)}) if delivery_ids else ():
        found[delivery_id].append(Attempt(at, AttemptOutcome(outcome), *rest))
    return found


ADD_ATTEMPT = text(
    """
    INSERT INTO delivery_attempts (delivery_id, number, at, outcome, code, ms, error, answer)
    VALUES (:delivery_id, :number, :at, :outcome, :code, :ms, :error, :answer)
    """
)


def add_attempt(connection: Connection, delivery_id: str, number: int, attempt: Attempt) -> None:
    """Note an attempt."""
    connection.execute(ADD_ATTEMPT, {"delivery_id": delivery_id, "number": number, **vars(attempt)})


UPDATE = text(
    """
    UPDATE deliveries
    SET status = :status, reason = :reason, attempts = :attempts, next_at = :next_at, finished_at = :finished_at,
        job_id = CASE WHEN :status = 'sending' THEN job_id END, queued_at = CASE WHEN :status = 'sending' THEN queued_at END
    WHERE org_id = :org_id AND id = :id
    """
)


def update(connection: Connection, changed: Delivery) -> None:
    """Store where a delivery stands that is not being sent."""
    connection.execute(UPDATE, vars(changed))


SET_JOB = text(
    """
    UPDATE deliveries
    SET status = 'sending', job_id = :job_id, queued_at = :moment, next_at = NULL, finished_at = NULL, reason = NULL
    WHERE org_id = :org_id AND id IN :ids
    """
).bindparams(bindparam("ids", expanding=True))


def set_job(connection: Connection, org_id: int, delivery_ids: Collection[str], job_id: str, moment: datetime) -> None:
    """Note the job that sends deliveries."""
    connection.execute(SET_JOB, {"org_id": org_id, "ids": list(delivery_ids), "job_id": job_id, "moment": moment})


HAS_DUE = text("SELECT 1 FROM deliveries WHERE status = 'pending' AND next_at <= :moment LIMIT 1")


def has_due(connection: AnyReader, moment: datetime) -> bool:
    """Whether a delivery's time has come."""
    return connection.execute(HAS_DUE, {"moment": moment}).first() is not None


_DUE = "SELECT org_id, id FROM deliveries WHERE status = 'pending' AND next_at <= :moment ORDER BY next_at, id LIMIT :limit"
DUE = Variants(_DUE, f"{_DUE} FOR UPDATE SKIP LOCKED")


def due(connection: Connection, moment: datetime, limit: int) -> list[tuple[int, str]]:
    """Organizations and ids of deliveries whose time has come, the longest waiting first, locked until the transaction ends."""
    return [(org_id, delivery_id) for org_id, delivery_id in connection.execute(DUE.on(connection), {"moment": moment, "limit": limit})]


POSTPONE = text("UPDATE deliveries SET next_at = :until WHERE id = :id AND status = 'pending'")


def postpone(connection: Connection, delivery_ids: Sequence[str], until: datetime) -> None:
    """Let pending deliveries wait until a moment."""
    connection.execute(POSTPONE, [{"id": delivery_id, "until": until} for delivery_id in delivery_ids])


QUEUED_BEFORE = text(
    """
    SELECT org_id, id, job_id
    FROM deliveries
    WHERE status = 'sending' AND queued_at < :before
    ORDER BY queued_at
    LIMIT :limit
    """
)


def queued_before(connection: AnyReader, before: datetime, limit: int) -> list[tuple[int, str, str | None]]:
    """Organizations, ids and jobs of deliveries that have been queued or sent for long, the longest first."""
    return [tuple(row) for row in connection.execute(QUEUED_BEFORE, {"before": before, "limit": limit})]


TOUCH = text("UPDATE deliveries SET queued_at = :moment WHERE status = 'sending' AND id IN :ids").bindparams(
    bindparam("ids", expanding=True)
)


def touch(connection: Connection, delivery_ids: Collection[str], moment: datetime) -> None:
    """Note that the jobs of deliveries are alive."""
    if delivery_ids:
        connection.execute(TOUCH, {"ids": list(delivery_ids), "moment": moment})


DISABLE_PENDING = text(
    """
    UPDATE deliveries
    SET status = 'disabled', reason = :reason, next_at = NULL, finished_at = :moment
    WHERE org_id = :org_id AND channel_id = :channel_id AND status = 'pending'
    """
)


def disable_pending(connection: Connection, org_id: int, channel_id: str, reason: str, moment: datetime) -> None:
    """End the waiting deliveries of a channel that is switched off. Those in work are ended by their workers."""
    connection.execute(DISABLE_PENDING, {"org_id": org_id, "channel_id": channel_id, "reason": reason, "moment": moment})


DELETE_OLD = text(
    "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE finished_at < :before ORDER BY finished_at LIMIT :limit)"
)


def delete_old(connection: Connection, before: datetime, limit: int) -> int:
    """Remove deliveries that ended before a moment, with their attempts; return how many."""
    removed: int = connection.execute(DELETE_OLD, {"before": before, "limit": limit}).rowcount
    return removed


WAITING = text("SELECT status, COUNT(*) FROM deliveries WHERE finished_at IS NULL GROUP BY status")
OLDEST = text("SELECT created_at FROM deliveries WHERE finished_at IS NULL ORDER BY created_at LIMIT 1")
RECENT_ATTEMPTS = text("SELECT outcome, COUNT(*) FROM delivery_attempts WHERE at >= :since GROUP BY outcome")


@dataclass(frozen=True)
class Backlog:
    """The deliveries of all organizations that have not ended, and the attempts of late, by outcome."""

    waiting: dict[str, int]
    oldest_at: datetime | None
    attempts: dict[str, int]


def backlog(connection: AnyReader, since: datetime) -> Backlog:
    """What waits, and the attempts since a moment."""
    waiting = {status: int(count) for status, count in connection.execute(WAITING, {})}
    attempts = {outcome: int(count) for outcome, count in connection.execute(RECENT_ATTEMPTS, {"since": since})}
    oldest = connection.execute(OLDEST, {}).first()
    return Backlog(waiting, None if oldest is None else oldest[0], attempts)


def _delivery(row: Any) -> Delivery:
    delivery = Delivery(*row)
    return replace(delivery, status=DeliveryStatus(delivery.status))
