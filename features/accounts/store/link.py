"""SQL of the links that are good for one use, stored by the SHA-256 of their token. Whoever has the token may use it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from models.access import Role
from models.link import Link, Purpose
from models.user import email_key

_COLUMNS = "id, purpose, created_at, expires_at, created_by, user_id, org_id, role, email"
INSERT = text(
    f"""
    INSERT INTO one_time_links (token_sha256, {_COLUMNS})
    VALUES (:token_sha256, {", ".join(":" + name for name in _COLUMNS.split(", "))})
    """
)


def insert(connection: Connection, link: Link, token_sha256: str) -> None:
    """Store a new link."""
    connection.execute(INSERT, {**vars(link), "token_sha256": token_sha256})


_VALID = "token_sha256 = :token_sha256 AND purpose = :purpose AND used_at IS NULL AND expires_at > :moment"
FIND = text(f"SELECT {_COLUMNS} FROM one_time_links WHERE {_VALID}")


def find(connection: AnyReader, purpose: Purpose, token_sha256: str, moment: datetime) -> Link | None:
    """The link with this token, unless it was used or has expired at `moment`."""
    row = connection.execute(FIND, {"token_sha256": token_sha256, "purpose": purpose, "moment": moment}).first()
    return None if row is None else _link_from_row(row)


USE = text(f"UPDATE one_time_links SET used_at = :moment WHERE {_VALID}")


def use(connection: Connection, purpose: Purpose, token_sha256: str, moment: datetime) -> bool:
    """Use a link up; return whether it was valid."""
    return connection.execute(USE, {"token_sha256": token_sha256, "purpose": purpose, "moment": moment}).rowcount == 1


END_OF_USER = text("UPDATE one_time_links SET used_at = :moment WHERE user_id = :user_id AND used_at IS NULL")


def end_of_user(connection: Connection, user_id: str, moment: datetime) -> None:
    """End the links that set somebody's password."""
    connection.execute(END_OF_USER, {"user_id": user_id, "moment": moment})


_OPEN = "org_id = :org_id AND purpose = 'invitation' AND used_at IS NULL AND expires_at > :moment"
LIST_OPEN = text(
    f"""
    SELECT {_COLUMNS}
    FROM one_time_links
    WHERE {_OPEN} AND (CAST(:before AS TEXT) IS NULL OR id < :before)
    ORDER BY id DESC
    LIMIT :limit
    """
)
COUNT_OPEN = text(f"SELECT COUNT(*) FROM one_time_links WHERE {_OPEN}")


def list_invitations(connection: AnyReader, org_id: int, moment: datetime, page: tuple[str | None, int]) -> list[Link]:
    """The invitations to an organization that are good at `moment`, newest first: up to a number, older than an id."""
    before, limit = page
    rows = connection.execute(LIST_OPEN, {"org_id": org_id, "moment": moment, "before": before, "limit": limit})
    return [_link_from_row(row) for row in rows]


def count_invitations(connection: AnyReader, org_id: int, moment: datetime) -> int:
    """How many invitations to an organization are good at `moment`."""
    return sum(count for (count,) in connection.execute(COUNT_OPEN, {"org_id": org_id, "moment": moment}))


FIND_INVITATION = text(f"SELECT {_COLUMNS} FROM one_time_links WHERE {_OPEN} AND id = :id")


def find_invitation(connection: AnyReader, org_id: int, link_id: str, moment: datetime) -> Link | None:
    """An invitation that is good."""
    row = connection.execute(FIND_INVITATION, {"org_id": org_id, "id": link_id, "moment": moment}).first()
    return None if row is None else _link_from_row(row)


END_INVITATION = text(f"UPDATE one_time_links SET used_at = :moment WHERE {_OPEN} AND id = :id")


def end_invitation(connection: Connection, org_id: int, link_id: str, moment: datetime) -> bool:
    """End an invitation; return whether it was good."""
    return connection.execute(END_INVITATION, {"org_id": org_id, "id": link_id, "moment": moment}).rowcount == 1


END_ALL = text(f"UPDATE one_time_links SET used_at = :moment WHERE {_OPEN}")


def end_invitations(connection: Connection, org_id: int, moment: datetime) -> int:
    """End all invitations to an organization; return how many were good."""
    return connection.execute(END_ALL, {"org_id": org_id, "moment": moment}).rowcount


END_FOR_ADDRESS = text(f"UPDATE one_time_links SET used_at = :moment WHERE {_OPEN} AND LOWER(email) = LOWER(:email)")


def end_for_address(connection: Connection, org_id: int, email: str, moment: datetime) -> None:
    """End the invitations of an address to an organization."""
    connection.execute(END_FOR_ADDRESS, {"org_id": org_id, "email": email, "moment": moment})


END_BY_MEMBER = text(
    f"""
    UPDATE one_time_links SET used_at = :moment
    WHERE {_OPEN} AND (
        created_by = :user_id OR created_by IN (SELECT k.id FROM api_keys AS k WHERE k.org_id = :org_id AND k.user_id = :user_id)
    )
    """
)


def end_by_member(connection: Connection, org_id: int, user_id: str, moment: datetime) -> None:
    """End the invitations to an organization that somebody made, in person or with a key of theirs."""
    connection.execute(END_BY_MEMBER, {"org_id": org_id, "user_id": user_id, "moment": moment})


INVITED = text("SELECT DISTINCT email FROM one_time_links WHERE email IS NOT NULL")
DELETE_OF_ADDRESS = text("DELETE FROM one_time_links WHERE email = :email")


def delete_of_address(connection: Connection, email: str) -> None:
    """Delete the invitations of an address to all organizations, also those that were used or have ended.

    Capitals make no difference, also those beyond ASCII, which SQLite does not know.
    """
    key = email_key(email)
    for written in [each for (each,) in connection.execute(INVITED, {}) if email_key(each) == key]:
        connection.execute(DELETE_OF_ADDRESS, {"email": written})


DELETE_EXPIRED = text(
    """
    DELETE FROM one_time_links WHERE token_sha256 IN (
        SELECT token_sha256 FROM one_time_links WHERE expires_at <= :moment LIMIT :limit
    )
    """
)


def delete_expired(connection: Connection, moment: datetime, limit: int) -> int:
    """Delete up to `limit` links that have expired at `moment`; return how many."""
    return connection.execute(DELETE_EXPIRED, {"moment": moment, "limit": limit}).rowcount


def _link_from_row(row: Sequence[Any]) -> Link:
    link_id, purpose, created_at, expires_at, created_by, user_id, org_id, role, email = row
    role = None if role is None else Role(role)
    return Link(link_id, Purpose(purpose), created_at, expires_at, created_by, user_id, org_id, role, email)
