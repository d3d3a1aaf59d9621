"""SQL of the answers stored under an Idempotency-Key. A row without a status belongs to a request in progress."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Reservation:
    """A request's hold on a key; `holder` tells it from a later request that took the key over."""

    org_id: int
    key: str
    request_sha256: str
    holder: str
    created_at: datetime


@dataclass(frozen=True)
class StoredAnswer:
    """What is stored under a key; `status` and `body` are None while the first request is in progress."""

    request_sha256: str
    status: int | None
    location: str | None
    body: str | None


# Takes a key that is free, whose answer has expired, or whose request was abandoned.
RESERVE = text(
    """
    INSERT INTO idempotency_keys (org_id, key, request_sha256, holder, created_at)
    VALUES (:org_id, :key, :request_sha256, :holder, :created_at)
    ON CONFLICT (org_id, key) DO UPDATE SET
        request_sha256 = excluded.request_sha256,
        holder = excluded.holder,
        created_at = excluded.created_at,
        status = NULL,
        location = NULL,
        body = NULL
    WHERE idempotency_keys.created_at < :expired_before
        OR (idempotency_keys.status IS NULL AND idempotency_keys.created_at < :abandoned_before)
    """
)


def reserve(connection: Connection, reservation: Reservation, expired_before: datetime, abandoned_before: datetime) -> bool:
    """Take a key for a request; return whether it was available.

    Answers from before `expired_before` no longer count, nor do requests in progress from before `abandoned_before`.
    """
    values = {**vars(reservation), "expired_before": expired_before, "abandoned_before": abandoned_before}
    return connection.execute(RESERVE, values).rowcount == 1


FIND = text("SELECT request_sha256, status, location, body FROM idempotency_keys WHERE org_id = :org_id AND key = :key")


def find(connection: Connection, org_id: int, key: str) -> StoredAnswer | None:
    """What is stored under a key."""
    row = connection.execute(FIND, {"org_id": org_id, "key": key}).first()
    return None if row is None else StoredAnswer(*row)


COMPLETE = text(
    """
    UPDATE idempotency_keys
    SET status = :status, location = :location, body = :body
    WHERE org_id = :org_id AND key = :key AND holder = :holder AND status IS NULL
    """
)


def complete(connection: Connection, reservation: Reservation, status: int, location: str | None, body: str) -> bool:
    """Store the answer; return whether the reservation still held."""
    return connection.execute(COMPLETE, _key_of(reservation) | {"status": status, "location": location, "body": body}).rowcount == 1


RELEASE = text(
    """
    DELETE FROM idempotency_keys
    WHERE org_id = :org_id AND key = :key AND holder = :holder AND status IS NULL
    """
)


def release(connection: Connection, reservation: Reservation) -> None:
    """Free the key of a request that failed."""
    connection.execute(RELEASE, _key_of(reservation))


DELETE_BEFORE = text("DELETE FROM idempotency_keys WHERE created_at < :before")


def delete_before(connection: Connection, before: datetime) -> int:
    """Delete the keys taken before a moment; return how many."""
    return connection.execute(DELETE_BEFORE, {"before": before}).rowcount


def _key_of(reservation: Reservation) -> dict[str, object]:
    return {"org_id": reservation.org_id, "key": reservation.key, "holder": reservation.holder}
