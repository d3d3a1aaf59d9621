"""SQL of the API keys, stored as SHA-256 digests. A lookup by digest crosses organizations: it tells which organization a key is for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from models.api_key import ApiKey

_COLUMNS = "id, org_id, name, created_at, revoked_at, last_used_at"

FIND_BY_DIGEST = text(f"SELECT {_COLUMNS} FROM api_keys WHERE key_sha256 = :key_sha256")


def find_by_digest(connection: AnyReader, key_sha256: str) -> ApiKey | None:
    """The key with this digest, revoked or not."""
    row = connection.execute(FIND_BY_DIGEST, {"key_sha256": key_sha256}).first()
    return None if row is None else _key_from_row(row)


FIND = text(f"SELECT {_COLUMNS} FROM api_keys WHERE org_id = :org_id AND id = :id")


def find(connection: AnyReader, org_id: int, key_id: str) -> ApiKey | None:
    """The key with this id, revoked or not."""
    row = connection.execute(FIND, {"org_id": org_id, "id": key_id}).first()
    return None if row is None else _key_from_row(row)


LIST = text(
    f"""
    SELECT {_COLUMNS}
    FROM api_keys
    WHERE org_id = :org_id AND (CAST(:before AS TEXT) IS NULL OR id < :before)
    ORDER BY id DESC
    LIMIT :limit
    """
)


def list_keys(connection: Connection, org_id: int, before: str | None, limit: int) -> list[ApiKey]:
    """Up to `limit` keys of an organization, newest first; with the id `before`, only older ones."""
    return [_key_from_row(row) for row in connection.execute(LIST, {"org_id": org_id, "before": before, "limit": limit})]


INSERT = text(
    """
    INSERT INTO api_keys (id, org_id, name, key_sha256, created_at)
    VALUES (:id, :org_id, :name, :key_sha256, :created_at)
    """
)


def insert(connection: Connection, org_id: int, key: ApiKey, key_sha256: str) -> None:
    """Store a new key by its digest."""
    parameters = {"id": key.id, "org_id": org_id, "name": key.name, "key_sha256": key_sha256, "created_at": key.created_at}
    connection.execute(INSERT, parameters)


REVOKE = text("UPDATE api_keys SET revoked_at = :revoked_at WHERE org_id = :org_id AND id = :id AND revoked_at IS NULL")


def revoke(connection: Connection, org_id: int, key_id: str, revoked_at: datetime) -> bool:
    """Revoke a key; return whether it was active."""
    return connection.execute(REVOKE, {"org_id": org_id, "id": key_id, "revoked_at": revoked_at}).rowcount == 1


# Several processes serve a key, and each reports its use: only the first within the interval writes, and none sets the time back.
MARK_USED = text(
    """
    UPDATE api_keys
    SET last_used_at = :used_at
    WHERE id = :id AND (last_used_at IS NULL OR last_used_at <= :before)
    """
)


def mark_used(connection: Connection, key_id: str, used_at: datetime, before: datetime) -> bool:
    """Store a use of a key, unless one later than `before` is stored; return whether it was stored."""
    return connection.execute(MARK_USED, {"id": key_id, "used_at": used_at, "before": before}).rowcount == 1


def _key_from_row(row: Sequence[Any]) -> ApiKey:
    return ApiKey(*row)
