"""SQL of the answers stored under an Idempotency-Key. A row without a status belongs to a request in progress."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Reservation:
    """A request's hold on a key; `holder` distinguishes it from a later request that takes over an abandoned key."""

    org_id: int
    key: str
    request_sha256: str
    holder: str
    created_at: datetime


@dataclass(frozen=True)
class StoredAnswer:
    """The answer stored under a key; `status` and `body` are None while the first request is in progress."""

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

    A key is available when its answer is older than `expired_before`, or its request in progress older than `abandoned_before`.
    """
    values = {**vars(reservation), "expired_before": expired_before, "abandoned_before": abandoned_before}
    return connection.execute(RESERVE, values).rowcount == 1


FIND = text("SELECT request_sha256, status, location, body FROM idempotency_keys WHERE org_id = :org_id AND key = :key")


def find(connection: Connection, org_id: int, key: str) -> StoredAnswer | None:
    """The answer stored under a key, or None."""
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
    """Store the answer; return whether the reservation still held the key."""
    return connection.execute(COMPLETE, _holder_values(reservation) | {"status": status, "location": location, "body": body}).rowcount == 1


RELEASE = text(
    """
    DELETE FROM idempotency_keys
    WHERE org_id = :org_id AND key = :key AND holder = :holder AND status IS NULL
    """
)


def release(connection: Connection, reservation: Reservation) -> None:
    """Free the key of a request that failed."""
    connection.execute(RELEASE, _holder_values(reservation))


DELETE_BEFORE = text("DELETE FROM idempotency_keys WHERE created_at < :before")


def delete_before(connection: Connection, before: datetime) -> int:
    """Delete the keys that were taken before a time; return how many."""
    return connection.execute(DELETE_BEFORE, {"before": before}).rowcount


def _holder_values(reservation: Reservation) -> dict[str, object]:
    return {"org_id": reservation.org_id, "key": reservation.key, "holder": reservation.holder}
