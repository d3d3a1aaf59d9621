"""Sessions by the SHA-256 of their token. Looking one up or ending it crosses organizations on purpose: whoever holds the token may."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from models.session import SessionOwner, StoredSession

# A revoked key ends its sessions by this join: they need no mark of their own.
FIND_OWNER = text(
    "SELECT s.org_id, s.key_sha256, k.id "
    "FROM sessions AS s LEFT JOIN api_keys AS k ON k.key_sha256 = s.key_sha256 AND k.revoked_at IS NULL "
    "WHERE s.token_sha256 = :token_sha256 AND s.ended_at IS NULL AND s.expires_at > :moment"
)
INSERT = text(
    "INSERT INTO sessions (id, org_id, token_sha256, key_sha256, created_at, expires_at) "
    "VALUES (:id, :org_id, :token_sha256, :key_sha256, :created_at, :expires_at)"
)
END = text("UPDATE sessions SET ended_at = :moment WHERE token_sha256 = :token_sha256 AND ended_at IS NULL")
DELETE_EXPIRED = text("DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= :moment LIMIT :limit)")


def find_owner(connection: AnyReader, token_sha256: str, moment: datetime) -> SessionOwner | None:
    """Whose a session is; None for one that is unknown, ended, or expired by `moment`."""
    row = connection.execute(FIND_OWNER, {"token_sha256": token_sha256, "moment": moment}).first()
    return None if row is None else SessionOwner(*row)


def insert(connection: Connection, session: StoredSession) -> None:
    """Store a new session."""
    connection.execute(INSERT, vars(session))


def end(connection: Connection, token_sha256: str, moment: datetime) -> bool:
    """End a session; whether it had not ended yet."""
    return connection.execute(END, {"token_sha256": token_sha256, "moment": moment}).rowcount == 1


def delete_expired(connection: Connection, moment: datetime, limit: int) -> int:
    """Remove up to `limit` sessions that had expired by `moment`, ended or not; how many that were."""
    return connection.execute(DELETE_EXPIRED, {"moment": moment, "limit": limit}).rowcount
