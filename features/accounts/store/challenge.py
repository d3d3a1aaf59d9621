"""SQL of the challenges that were answered. They belong to no organization: whoever answers one may not have signed in yet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

USE = text(
    """
    INSERT INTO used_challenges (challenge_sha256, expires_at) VALUES (:challenge_sha256, :expires_at)
    ON CONFLICT (challenge_sha256) DO NOTHING
    """
)


def use(connection: Connection, challenge_sha256: str, expires_at: datetime) -> bool:
    """Use a challenge up; return whether it had not been used."""
    return connection.execute(USE, {"challenge_sha256": challenge_sha256, "expires_at": expires_at}).rowcount == 1


DELETE_EXPIRED = text(
    """
    DELETE FROM used_challenges WHERE challenge_sha256 IN (
        SELECT challenge_sha256 FROM used_challenges WHERE expires_at <= :moment LIMIT :limit
    )
    """
)


def delete_expired(connection: Connection, moment: datetime, limit: int) -> int:
    """Delete up to `limit` challenges that would have expired at `moment`; return how many."""
    return connection.execute(DELETE_EXPIRED, {"moment": moment, "limit": limit}).rowcount
