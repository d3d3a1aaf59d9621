"""SQL of the sessions, stored by the SHA-256 of their token.

Lookup and end cross organizations: whoever holds the token may do both.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from models.session import SessionOwner, StoredSession

# The join ends the sessions of a revoked key: they are not marked themselves.
FIND_OWNER = text(
    """
    SELECT s.org_id, s.key_sha256, k.id
    FROM sessions AS s
    LEFT JOIN api_keys AS k ON k.key_sha256 = s.key_sha256 AND k.revoked_at IS NULL
    WHERE s.token_sha256 = :token_sha256 AND s.ended_at IS NULL AND s.expires_at > :moment
    """
)


def find_owner(connection: AnyReader, token_sha256: str, moment: datetime) -> SessionOwner | None:
    """The owner of a session; None when it is unknown, ended, or expired at `moment`."""
    row = connection.execute(FIND_OWNER, {"token_sha256": token_sha256, "moment": moment}).first()
    return None if row is None else SessionOwner(*row)


INSERT = text(
    """
    INSERT INTO sessions (id, org_id, token_sha256, key_sha256, created_at, expires_at)
    VALUES (:id, :org_id, :token_sha256, :key_sha256, :created_at, :expires_at)
    """
)


def insert(connection: Connection, session: StoredSession) -> None:
    """Store a new session."""
    connection.execute(INSERT, vars(session))


END = text("UPDATE sessions SET ended_at = :moment WHERE token_sha256 = :token_sha256 AND ended_at IS NULL")


def end(connection: Connection, token_sha256: str, moment: datetime) -> bool:
    """End a session; return whether it had not ended before."""
    return connection.execute(END, {"token_sha256": token_sha256, "moment": moment}).rowcount == 1


DELETE_EXPIRED = text(
    """
    DELETE FROM sessions WHERE id IN (
        SELECT id
        FROM sessions
        WHERE expires_at <= :moment
        LIMIT :limit
    )
    """
)


def delete_expired(connection: Connection, moment: datetime, limit: int) -> int:
    """Delete up to `limit` sessions that have expired at `moment`, ended or not; return how many."""
    return connection.execute(DELETE_EXPIRED, {"moment": moment, "limit": limit}).rowcount
