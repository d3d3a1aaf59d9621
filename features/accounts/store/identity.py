"""SQL of who people are at OpenID providers. They belong to people, not to organizations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from models.openid import Identity

_COLUMNS = "id, issuer, subject, user_id, email, created_at, used_at"

FIND = text(f"SELECT {_COLUMNS} FROM identities WHERE issuer = :issuer AND subject = :subject")


def find(connection: AnyReader, issuer: str, subject: str) -> Identity | None:
    """The identity of a subject at an issuer."""
    row = connection.execute(FIND, {"issuer": issuer, "subject": subject}).first()
    return None if row is None else Identity(*row)


LIST = text(f"SELECT {_COLUMNS} FROM identities WHERE user_id = :user_id ORDER BY id")


def list_of_user(connection: AnyReader, user_id: str) -> list[Identity]:
    """The identities of somebody, the oldest first."""
    return [Identity(*row) for row in connection.execute(LIST, {"user_id": user_id})]


INSERT = text(
    f"""
    INSERT INTO identities ({_COLUMNS})
    VALUES (:id, :issuer, :subject, :user_id, :email, :created_at, :used_at)
    ON CONFLICT (issuer, subject) DO NOTHING
    """
)


def insert(connection: Connection, identity: Identity) -> bool:
    """Store an identity; return false where it is somebody's already."""
    return connection.execute(INSERT, vars(identity)).rowcount == 1


MARK_USED = text("UPDATE identities SET used_at = :moment, email = :email WHERE id = :id")


def mark_used(connection: Connection, identity_id: str, moment: datetime, email: str | None) -> None:
    """Note that somebody has signed in by an identity, and the address that the provider told."""
    connection.execute(MARK_USED, {"id": identity_id, "moment": moment, "email": email})


DELETE = text("DELETE FROM identities WHERE id = :id AND user_id = :user_id")


def delete(connection: Connection, identity_id: str, user_id: str) -> bool:
    """Remove an identity of somebody; return whether there was one."""
    return connection.execute(DELETE, {"id": identity_id, "user_id": user_id}).rowcount == 1
