"""SQL of the sessions, stored by the SHA-256 of their token, and of the tokens that go on with them.

Lookup and end by a token cross organizations: whoever holds the token may do both. The rest is a person's own, in whichever organization.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from models.access import Role, parted
from models.session import SessionOwner, SessionSummary, StoredSession

# The joins end the sessions of a revoked key and of a disabled person: they are not marked themselves.
_FIND = """
    SELECT s.id, s.org_id, s.key_sha256, k.id, k.scopes, COALESCE(s.user_id, k.user_id), m.role, u.is_operator
    FROM sessions AS s
    LEFT JOIN api_keys AS k
        ON k.key_sha256 = s.key_sha256 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > :moment)
    LEFT JOIN users AS u ON u.id = COALESCE(s.user_id, k.user_id)
    LEFT JOIN members AS m ON m.user_id = u.id AND m.org_id = s.org_id
    WHERE s.{place} AND s.ended_at IS NULL AND s.expires_at > :moment AND u.disabled_at IS NULL
        AND (s.used_at IS NULL OR s.used_at > :idle_since)
"""
FIND_OWNER = text(_FIND.format(place="token_sha256 = :token_sha256"))
FIND_OWNER_BY_ID = text(_FIND.format(place="id = :id"))


def find_owner(connection: AnyReader, token_sha256: str, moment: datetime, idle_since: datetime) -> SessionOwner | None:
    """The owner of a browser's session; None when it is unknown, ended, expired at `moment`, or unused since `idle_since`."""
    row = connection.execute(FIND_OWNER, {"token_sha256": token_sha256, "moment": moment, "idle_since": idle_since}).first()
    return None if row is None else _owner_from_row(row)


def find_owner_by_id(connection: AnyReader, session_id: str, moment: datetime, idle_since: datetime) -> SessionOwner | None:
    """The same of any session, by its id."""
    row = connection.execute(FIND_OWNER_BY_ID, {"id": session_id, "moment": moment, "idle_since": idle_since}).first()
    return None if row is None else _owner_from_row(row)


def _owner_from_row(row: Sequence[Any]) -> SessionOwner:
    session_id, org_id, key_sha256, key_id, scopes, user_id, role, is_operator = row
    return SessionOwner(
        session_id, org_id, key_sha256, key_id, parted(scopes or ""), user_id, None if role is None else Role(role), bool(is_operator)
    )


_COLUMNS = "id, org_id, token_sha256, key_sha256, user_id, created_at, expires_at, used_at, proved_at, two_factor, address, user_agent"
INSERT = text(f"INSERT INTO sessions ({_COLUMNS}) VALUES ({', '.join(':' + name for name in _COLUMNS.split(', '))})")


def insert(connection: Connection, session: StoredSession) -> None:
    """Store a new session."""
    connection.execute(INSERT, vars(session))


END = text("UPDATE sessions SET ended_at = :moment WHERE token_sha256 = :token_sha256 AND ended_at IS NULL")


def end(connection: Connection, token_sha256: str, moment: datetime) -> bool:
    """End a browser's session by its token; return whether it had not ended before."""
    return connection.execute(END, {"token_sha256": token_sha256, "moment": moment}).rowcount == 1


END_BY_ID = text(
    """
    UPDATE sessions SET ended_at = :moment
    WHERE id = :id AND (CAST(:user_id AS TEXT) IS NULL OR user_id = :user_id) AND ended_at IS NULL
    """
)


def end_by_id(connection: Connection, session_id: str, moment: datetime, user_id: str | None = None) -> bool:
    """End a session by its id, with `user_id` only that person's; return whether it had not ended before."""
    return connection.execute(END_BY_ID, {"id": session_id, "user_id": user_id, "moment": moment}).rowcount == 1


END_OF_USER = text(
    """
    UPDATE sessions SET ended_at = :moment
    WHERE user_id = :user_id AND ended_at IS NULL AND (CAST(:kept AS TEXT) IS NULL OR id <> :kept)
    """
)


def end_of_user(connection: Connection, user_id: str, moment: datetime, kept: str | None = None) -> int:
    """End all sessions of a person but the one with the id `kept`; return how many had not ended before."""
    return connection.execute(END_OF_USER, {"user_id": user_id, "moment": moment, "kept": kept}).rowcount


LIST_OF_USER = text(
    """
    SELECT id, org_id, created_at, expires_at, used_at, two_factor, address, user_agent, token_sha256 IS NOT NULL
    FROM sessions
    WHERE user_id = :user_id AND ended_at IS NULL AND expires_at > :moment AND (used_at IS NULL OR used_at > :idle_since)
    ORDER BY id DESC
    LIMIT :limit
    """
)


def list_of_user(connection: AnyReader, user_id: str, moment: datetime, idle_since: datetime, limit: int) -> list[SessionSummary]:
    """The newest active sessions of a person."""
    values = {"user_id": user_id, "moment": moment, "idle_since": idle_since, "limit": limit}
    rows = connection.execute(LIST_OF_USER, values)
    return [
        SessionSummary(session_id, org_id, created_at, expires_at, used_at, bool(two_factor), address, user_agent, bool(is_browser))
        for session_id, org_id, created_at, expires_at, used_at, two_factor, address, user_agent, is_browser in rows
    ]


SWITCH = text("UPDATE sessions SET org_id = :org_id WHERE id = :id")


def switch(connection: Connection, session_id: str, org_id: int) -> None:
    """Let a session act for another organization from now on."""
    connection.execute(SWITCH, {"id": session_id, "org_id": org_id})


# A session of somebody who is a member of nothing stays where it is: it ends with them.
MOVE_AWAY = text(
    """
    UPDATE sessions
    SET org_id = COALESCE((SELECT MIN(m.org_id) FROM members AS m WHERE m.user_id = sessions.user_id), org_id)
    WHERE org_id = :org_id AND user_id IS NOT NULL
    """
)


def move_away(connection: Connection, org_id: int) -> int:
    """Let the sessions of people that act for an organization act for the oldest that they are still a member of; return how many."""
    return connection.execute(MOVE_AWAY, {"org_id": org_id}).rowcount


MARK_PROVED = text("UPDATE sessions SET proved_at = :moment, two_factor = :two_factor WHERE id = :id")


def mark_proved(connection: Connection, session_id: str, moment: datetime, *, two_factor: bool) -> None:
    """Note that the person of a session has just proved who they are."""
    connection.execute(MARK_PROVED, {"id": session_id, "moment": moment, "two_factor": two_factor})


MARK_USED = text("UPDATE sessions SET used_at = :used_at WHERE id = :id AND used_at <= :before")


def mark_used(connection: Connection, session_id: str, used_at: datetime, before: datetime) -> bool:
    """Store a use of a person's session, unless one later than `before` is stored; return whether it was stored."""
    return connection.execute(MARK_USED, {"id": session_id, "used_at": used_at, "before": before}).rowcount == 1


ORG_OF = text("SELECT org_id FROM sessions WHERE id = :id")


def org_of(connection: AnyReader, session_id: str) -> int | None:
    """The organization that a session acts for, active or not."""
    row = connection.execute(ORG_OF, {"id": session_id}).first()
    return None if row is None else int(row[0])


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


ADD_REFRESH = text("INSERT INTO refresh_tokens (token_sha256, session_id, created_at) VALUES (:token_sha256, :session_id, :created_at)")


def add_refresh_token(connection: Connection, token_sha256: str, session_id: str, created_at: datetime) -> None:
    """Store a refresh token by its digest."""
    connection.execute(ADD_REFRESH, {"token_sha256": token_sha256, "session_id": session_id, "created_at": created_at})


USE_REFRESH = text("UPDATE refresh_tokens SET used_at = :moment WHERE token_sha256 = :token_sha256 AND used_at IS NULL")
FIND_REFRESH = text("SELECT session_id FROM refresh_tokens WHERE token_sha256 = :token_sha256")


def use_refresh_token(connection: Connection, token_sha256: str, moment: datetime) -> tuple[str | None, bool]:
    """Use a refresh token up: the id of its session, None for an unknown token; and whether it had not been used before."""
    is_first = connection.execute(USE_REFRESH, {"token_sha256": token_sha256, "moment": moment}).rowcount == 1
    row = connection.execute(FIND_REFRESH, {"token_sha256": token_sha256}).first()
    return (None if row is None else row[0]), is_first


PROVED_AT = text("SELECT proved_at FROM sessions WHERE id = :id AND ended_at IS NULL")


def proved_at(connection: AnyReader, session_id: str) -> datetime | None:
    """When the person of a session last proved who they are."""
    row = connection.execute(PROVED_AT, {"id": session_id}).first()
    return None if row is None else row[0]
