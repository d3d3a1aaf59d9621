"""SQL of the links that are good for one use, stored by the SHA-256 of their token. Whoever has the token may use it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from models.access import Role
from models.link import Link, Purpose

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


def find(connection: Connection, purpose: Purpose, token_sha256: str, moment: datetime) -> Link | None:
    """The link with this token, unless it was used or has expired at `moment`."""
    row = connection.execute(FIND, {"token_sha256": token_sha256, "purpose": purpose, "moment": moment}).first()
    if row is None:
        return None
    link_id, its_purpose, created_at, expires_at, created_by, user_id, org_id, role, email = row
    role = None if role is None else Role(role)
    return Link(link_id, Purpose(its_purpose), created_at, expires_at, created_by, user_id, org_id, role, email)


USE = text(f"UPDATE one_time_links SET used_at = :moment WHERE {_VALID}")


def use(connection: Connection, purpose: Purpose, token_sha256: str, moment: datetime) -> bool:
    """Use a link up; return whether it was valid."""
    return connection.execute(USE, {"token_sha256": token_sha256, "purpose": purpose, "moment": moment}).rowcount == 1


END_OF_USER = text("UPDATE one_time_links SET used_at = :moment WHERE user_id = :user_id AND used_at IS NULL")


def end_of_user(connection: Connection, user_id: str, moment: datetime) -> None:
    """End the links that set somebody's password."""
    connection.execute(END_OF_USER, {"user_id": user_id, "moment": moment})


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
