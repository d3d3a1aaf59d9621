"""API keys by their SHA-256. Looking one up crosses organizations on purpose: it is how the organization is found."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from models.api_key import ApiKey

FIND_ACTIVE = text("SELECT id, org_id, name, created_at, revoked_at FROM api_keys WHERE key_sha256 = :key_sha256 AND revoked_at IS NULL")
LIST = text("SELECT id, org_id, name, created_at, revoked_at FROM api_keys WHERE org_id = :org_id ORDER BY id")
INSERT = text("INSERT INTO api_keys (id, org_id, name, key_sha256, created_at) VALUES (:id, :org_id, :name, :key_sha256, :created_at)")
REVOKE = text("UPDATE api_keys SET revoked_at = :revoked_at WHERE org_id = :org_id AND id = :id AND revoked_at IS NULL")


def find_active(connection: AnyReader, key_sha256: str) -> ApiKey | None:
    """The key with this digest, unless it was revoked."""
    row = connection.execute(FIND_ACTIVE, {"key_sha256": key_sha256}).first()
    return None if row is None else ApiKey(*row)


def list_keys(connection: Connection, org_id: int) -> list[ApiKey]:
    """Every key of an organization, oldest first."""
    return [ApiKey(*row) for row in connection.execute(LIST, {"org_id": org_id})]


def insert(connection: Connection, org_id: int, key: ApiKey, key_sha256: str) -> None:
    """Store a new key's digest."""
    parameters = {"id": key.id, "org_id": org_id, "name": key.name, "key_sha256": key_sha256, "created_at": key.created_at}
    connection.execute(INSERT, parameters)


def revoke(connection: Connection, org_id: int, key_id: str, revoked_at: datetime) -> bool:
    """End a key; whether there was an active one."""
    return connection.execute(REVOKE, {"org_id": org_id, "id": key_id, "revoked_at": revoked_at}).rowcount == 1
