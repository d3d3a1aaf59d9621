"""SQL of organizations and of who is a member of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from models.access import Role
from models.user import Membership

LIST_OF_USER = text(
    """
    SELECT o.id, o.name, m.role
    FROM members AS m
    JOIN organizations AS o ON o.id = m.org_id
    WHERE m.user_id = :user_id
    ORDER BY o.id
    """
)


def list_of_user(connection: AnyReader, user_id: str) -> list[Membership]:
    """What somebody is a member of, the oldest organization first."""
    return [Membership(org_id, name, Role(role)) for org_id, name, role in connection.execute(LIST_OF_USER, {"user_id": user_id})]


FIND_NAME = text("SELECT name FROM organizations WHERE id = :org_id")


def find_name(connection: AnyReader, org_id: int) -> str | None:
    """The name of an organization."""
    row = connection.execute(FIND_NAME, {"org_id": org_id}).first()
    return None if row is None else row[0]


FIND_ROLE = text("SELECT role FROM members WHERE org_id = :org_id AND user_id = :user_id")


def find_role(connection: AnyReader, org_id: int, user_id: str) -> Role | None:
    """What somebody is in an organization."""
    row = connection.execute(FIND_ROLE, {"org_id": org_id, "user_id": user_id}).first()
    return None if row is None else Role(row[0])


NEXT_ID = text("UPDATE organization_ids SET last_id = last_id + 1")
LAST_ID = text("SELECT last_id FROM organization_ids")
INSERT = text("INSERT INTO organizations (id, name, created_at) VALUES (:id, :name, :created_at)")


def insert(connection: Connection, name: str, created_at: datetime) -> int:
    """Store a new organization and return its id, which none had before."""
    connection.execute(NEXT_ID)
    org_id = int(connection.execute(LAST_ID).scalar_one())
    connection.execute(INSERT, {"id": org_id, "name": name, "created_at": created_at})
    return org_id


PUT_MEMBER = text(
    """
    INSERT INTO members (org_id, user_id, role, joined_at)
    VALUES (:org_id, :user_id, :role, :joined_at)
    ON CONFLICT (org_id, user_id) DO UPDATE SET role = excluded.role
    """
)


@dataclass(frozen=True)
class Joining:
    """Somebody who becomes a member, or changes their role."""

    user_id: str
    role: Role
    joined_at: datetime


def put_member(connection: Connection, org_id: int, joining: Joining) -> None:
    """Make somebody a member, or give a member another role."""
    connection.execute(PUT_MEMBER, {"org_id": org_id, **vars(joining)})


LAST_OF_USER = text(
    """
    SELECT m.org_id
    FROM members AS m
    LEFT JOIN sessions AS s ON s.user_id = m.user_id AND s.org_id = m.org_id
    WHERE m.user_id = :user_id
    GROUP BY m.org_id
    ORDER BY COALESCE(MAX(s.id), '') DESC, m.org_id
    LIMIT 1
    """
)


def last_of_user(connection: Connection, user_id: str) -> int:
    """The organization that somebody acted for in their last session, of those that they are a member of; everybody is of one."""
    return int(connection.execute(LAST_OF_USER, {"user_id": user_id}).scalar_one())
