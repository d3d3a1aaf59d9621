"""Answers given under an Idempotency-Key. A row without a status is a request that is still at work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

# A key that is free, or whose answer is too old to count, or whose first request died at work, is taken.
RESERVE = text(
    "INSERT INTO idempotency_keys (org_id, key, request_sha256, holder, created_at) "
    "VALUES (:org_id, :key, :request_sha256, :holder, :created_at) "
    "ON CONFLICT (org_id, key) DO UPDATE SET request_sha256 = excluded.request_sha256, holder = excluded.holder, "
    "created_at = excluded.created_at, status = NULL, location = NULL, body = NULL "
    "WHERE idempotency_keys.created_at < :forgotten_before "
    "OR (idempotency_keys.status IS NULL AND idempotency_keys.created_at < :abandoned_before)"
)
FIND = text("SELECT request_sha256, status, location, body FROM idempotency_keys WHERE org_id = :org_id AND key = :key")
COMPLETE = text(
    "UPDATE idempotency_keys SET status = :status, location = :location, body = :body "
    "WHERE org_id = :org_id AND key = :key AND holder = :holder AND status IS NULL"
)
RELEASE = text("DELETE FROM idempotency_keys WHERE org_id = :org_id AND key = :key AND holder = :holder AND status IS NULL")
DELETE_BEFORE = text("DELETE FROM idempotency_keys WHERE created_at < :before")


@dataclass(frozen=True)
class Remembered:
    """What is stored under a key; `status` and `body` are None while the first request is at work."""

    request_sha256: str
    status: int | None
    location: str | None
    body: str | None


def reserve(
    connection: Connection,
    org_id: int,
    key: str,
    request_sha256: str,
    holder: str,
    created_at: datetime,
    forgotten_before: datetime,
    abandoned_before: datetime,
) -> bool:
    """Take a key for a request; whether it was free."""
    values = {"org_id": org_id, "key": key, "request_sha256": request_sha256, "holder": holder, "created_at": created_at}
    values |= {"forgotten_before": forgotten_before, "abandoned_before": abandoned_before}
    return connection.execute(RESERVE, values).rowcount == 1


def find(connection: Connection, org_id: int, key: str) -> Remembered | None:
    """What is stored under a key."""
    row = connection.execute(FIND, {"org_id": org_id, "key": key}).first()
    return None if row is None else Remembered(*row)


def complete(connection: Connection, org_id: int, key: str, holder: str, status: int, location: str | None, body: str) -> bool:
    """Store the answer; whether the key is still the holder's."""
    values = {"org_id": org_id, "key": key, "holder": holder, "status": status, "location": location, "body": body}
    return connection.execute(COMPLETE, values).rowcount == 1


def release(connection: Connection, org_id: int, key: str, holder: str) -> None:
    """Free a key whose request came to nothing."""
    connection.execute(RELEASE, {"org_id": org_id, "key": key, "holder": holder})


def delete_before(connection: Connection, before: datetime) -> int:
    """Forget what is older than a moment; how many keys that were."""
    return connection.execute(DELETE_BEFORE, {"before": before}).rowcount
