"""SQL of the API keys, stored as SHA-256 digests. A lookup by digest crosses organizations: it tells which organization a key is for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from models.api_key import ApiKey

_COLUMNS = "id, org_id, name, created_at, revoked_at"

FIND_ACTIVE = text(f"SELECT {_COLUMNS} FROM api_keys WHERE key_sha256 = :key_sha256 AND revoked_at IS NULL")


def find_active(connection: AnyReader, key_sha256: str) -> ApiKey | None:
    """The key with this digest, unless it is revoked."""
    row = connection.execute(FIND_ACTIVE, {"key_sha256": key_sha256}).first()
    return None if row is None else _key_from_row(row)


LIST = text(f"SELECT {_COLUMNS} FROM api_keys WHERE org_id = :org_id ORDER BY id")


def list_keys(connection: Connection, org_id: int) -> list[ApiKey]:
    """Every key of an organization, oldest first."""
    return [_key_from_row(row) for row in connection.execute(LIST, {"org_id": org_id})]


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


def _key_from_row(row: Sequence[Any]) -> ApiKey:
    return ApiKey(*row)
