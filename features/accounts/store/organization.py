"""SQL of organizations and of who is a member of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from models.access import Role
from models.organization import Member, MemberFate, Organization
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


def find_last_of_user(connection: AnyReader, user_id: str) -> int | None:
    """The same, where it is not known whether there is such a person."""
    row = connection.execute(LAST_OF_USER, {"user_id": user_id}).first()
    return None if row is None else int(row[0])


LOCK = text("UPDATE organizations SET name = name WHERE id = :org_id AND removed_at IS NULL")


def lock(connection: Connection, org_id: int) -> bool:
    """Let nobody else change who is a member until this transaction ends; return whether there is such an organization.

    Whoever locks people as well locks them afterwards.
    """
    return connection.execute(LOCK, {"org_id": org_id}).rowcount == 1


FIND = text("SELECT id, name, created_at FROM organizations WHERE id = :org_id AND removed_at IS NULL")


def find(connection: AnyReader, org_id: int) -> Organization | None:
    """An organization by its id, unless it was removed."""
    row = connection.execute(FIND, {"org_id": org_id}).first()
    return None if row is None else Organization(*row)


MARK_REMOVED = text("UPDATE organizations SET removed_at = :moment WHERE id = :org_id AND removed_at IS NULL")


def mark_removed(connection: Connection, org_id: int, moment: datetime) -> bool:
    """Mark an organization as removed; return whether it was not."""
    return connection.execute(MARK_REMOVED, {"org_id": org_id, "moment": moment}).rowcount == 1


LIST_REMOVED = text("SELECT id, removed_at FROM organizations WHERE removed_at IS NOT NULL ORDER BY removed_at, id")


def list_removed(connection: AnyReader) -> list[tuple[int, datetime]]:
    """The organizations that are being removed, and since when."""
    return [(int(org_id), removed_at) for org_id, removed_at in connection.execute(LIST_REMOVED, {})]


DELETE = text("DELETE FROM organizations WHERE id = :org_id AND removed_at IS NOT NULL")


def delete(connection: Connection, org_id: int) -> bool:
    """Delete the row of an organization that is marked as removed; return whether there was one. Nothing may refer to it any more."""
    return connection.execute(DELETE, {"org_id": org_id}).rowcount == 1


_DETAILS = """
    SELECT o.id, o.name, o.created_at, (SELECT COUNT(*) FROM members AS m WHERE m.org_id = o.id)
    FROM organizations AS o
"""
LIST_ALL = text(f"{_DETAILS} WHERE o.id > :after AND o.removed_at IS NULL ORDER BY o.id LIMIT :limit")


def list_all(connection: AnyReader, after: int, limit: int) -> list[tuple[Organization, int]]:
    """Every organization behind the id `after`, the oldest first, with the number of its members. For operators."""
    return [(Organization(*row[:3]), row[3]) for row in connection.execute(LIST_ALL, {"after": after, "limit": limit})]


SET_NAME = text("UPDATE organizations SET name = :name WHERE id = :org_id")


def set_name(connection: Connection, org_id: int, name: str) -> bool:
    """Rename an organization; return whether there is one."""
    return connection.execute(SET_NAME, {"org_id": org_id, "name": name}).rowcount == 1


_MEMBER = """
    SELECT u.id, u.name, u.email, m.role, m.joined_at, u.disabled_at
    FROM members AS m
    JOIN users AS u ON u.id = m.user_id
    WHERE m.org_id = :org_id
"""
LIST_MEMBERS = text(f"{_MEMBER} AND (CAST(:after AS TEXT) IS NULL OR m.user_id > :after) ORDER BY m.user_id LIMIT :limit")
FIND_MEMBER = text(f"{_MEMBER} AND m.user_id = :user_id")


def list_members(connection: AnyReader, org_id: int, after: str | None, limit: int) -> list[Member]:
    """The members of an organization by their ids, behind the id `after`."""
    rows = connection.execute(LIST_MEMBERS, {"org_id": org_id, "after": after, "limit": limit})
    return [_member_from_row(row) for row in rows]


def find_member(connection: AnyReader, org_id: int, user_id: str) -> Member | None:
    """A member of an organization."""
    row = connection.execute(FIND_MEMBER, {"org_id": org_id, "user_id": user_id}).first()
    return None if row is None else _member_from_row(row)


LIST_FATES = text(
    """
    SELECT m.user_id, u.name, (SELECT COUNT(*) FROM members AS other WHERE other.user_id = m.user_id) > 1
    FROM members AS m
    JOIN users AS u ON u.id = m.user_id
    WHERE m.org_id = :org_id
    ORDER BY m.user_id
    LIMIT :limit
    """
)


def list_fates(connection: AnyReader, org_id: int, limit: int) -> list[MemberFate]:
    """The members of an organization, and whether they are members of another one as well."""
    rows = connection.execute(LIST_FATES, {"org_id": org_id, "limit": limit})
    return [MemberFate(user_id, name, bool(elsewhere)) for user_id, name, elsewhere in rows]


COUNT_MEMBERS = text("SELECT COUNT(*) FROM members WHERE org_id = :org_id")


def count_members(connection: AnyReader, org_id: int) -> int:
    """How many members an organization has."""
    return sum(count for (count,) in connection.execute(COUNT_MEMBERS, {"org_id": org_id}))


OTHER_ADMIN = text(
    """
    SELECT 1
    FROM members AS m
    JOIN users AS u ON u.id = m.user_id
    WHERE m.org_id = :org_id AND m.role = 'admin' AND m.user_id <> :user_id AND u.disabled_at IS NULL
    LIMIT 1
    """
)


def has_other_admin(connection: AnyReader, org_id: int, user_id: str) -> bool:
    """Whether somebody else than this person is an administrator who can sign in. To rely on it, lock the organization."""
    return connection.execute(OTHER_ADMIN, {"org_id": org_id, "user_id": user_id}).first() is not None


DELETE_MEMBER = text("DELETE FROM members WHERE org_id = :org_id AND user_id = :user_id")


def delete_member(connection: Connection, org_id: int, user_id: str) -> bool:
    """Let somebody be a member no more; return whether they were one."""
    return connection.execute(DELETE_MEMBER, {"org_id": org_id, "user_id": user_id}).rowcount == 1


COUNT_OF_USER = text("SELECT COUNT(*) FROM members WHERE user_id = :user_id")


def count_of_user(connection: AnyReader, user_id: str) -> int:
    """How many organizations somebody is a member of."""
    return sum(count for (count,) in connection.execute(COUNT_OF_USER, {"user_id": user_id}))


def _member_from_row(row: Sequence[Any]) -> Member:
    user_id, name, email, role, joined_at, disabled_at = row
    return Member(user_id, name, email, Role(role), joined_at, disabled_at)
