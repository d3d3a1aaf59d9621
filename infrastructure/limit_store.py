"""SQL of the limits of organizations and the budgets of their members."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from models.limits import Budgets, OrganizationLimits, Quantities
from utils.dialects import locking

_COUNT = len(fields(Budgets))
_BUDGETS = """
    reads_per_minute, analyses_per_minute, bulk_per_minute, uploads_per_minute, heavy_reads_per_minute, tests_per_minute, requests_per_hour
"""
LIST = text(f"SELECT org_id, {_BUDGETS}, members, stored_bytes, open_jobs FROM organization_limits")


def list_limits(connection: AnyReader) -> dict[int, OrganizationLimits]:
    """What is set for organizations, by their ids."""
    return {
        row[0]: OrganizationLimits(Budgets(*row[1 : _COUNT + 1]), Quantities(*row[_COUNT + 1 :])) for row in connection.execute(LIST, {})
    }


LIST_OF_MEMBERS = text(f"SELECT org_id, user_id, {_BUDGETS} FROM member_budgets")


def list_budgets(connection: AnyReader) -> dict[tuple[int, str], Budgets]:
    """What is set for members, by their organization and themselves."""
    return {(row[0], row[1]): Budgets(*row[2:]) for row in connection.execute(LIST_OF_MEMBERS, {})}


FIND = text(f"SELECT {_BUDGETS}, members, stored_bytes, open_jobs FROM organization_limits WHERE org_id = :org_id")


def find(connection: AnyReader, org_id: int) -> OrganizationLimits:
    """What is set for an organization."""
    row = connection.execute(FIND, {"org_id": org_id}).first()
    return OrganizationLimits() if row is None else OrganizationLimits(Budgets(*row[:_COUNT]), Quantities(*row[_COUNT:]))


FIND_OF_MEMBER = text(f"SELECT {_BUDGETS} FROM member_budgets WHERE org_id = :org_id AND user_id = :user_id")


def find_of_member(connection: AnyReader, org_id: int, user_id: str) -> Budgets:
    """What is set for a member."""
    row = connection.execute(FIND_OF_MEMBER, {"org_id": org_id, "user_id": user_id}).first()
    return Budgets() if row is None else Budgets(*row)


@dataclass(frozen=True)
class Author:
    """Who sets a limit, and when."""

    changed_by: str
    changed_at: datetime


_VALUES = """
    :reads_per_minute, :analyses_per_minute, :bulk_per_minute, :uploads_per_minute, :heavy_reads_per_minute, :tests_per_minute,
    :requests_per_hour
"""
_SET_BUDGETS = """
        reads_per_minute = excluded.reads_per_minute,
        analyses_per_minute = excluded.analyses_per_minute,
        bulk_per_minute = excluded.bulk_per_minute,
        uploads_per_minute = excluded.uploads_per_minute,
        heavy_reads_per_minute = excluded.heavy_reads_per_minute,
        tests_per_minute = excluded.tests_per_minute,
        requests_per_hour = excluded.requests_per_hour,
        changed_at = excluded.changed_at,
        changed_by = excluded.changed_by
"""
PUT = text(
    f"""
    INSERT INTO organization_limits (org_id, {_BUDGETS}, members, stored_bytes, open_jobs, changed_at, changed_by)
    VALUES (:org_id, {_VALUES}, :members, :stored_bytes, :open_jobs, :changed_at, :changed_by)
    ON CONFLICT (org_id) DO UPDATE SET
        members = excluded.members,
        stored_bytes = excluded.stored_bytes,
        open_jobs = excluded.open_jobs,
        {_SET_BUDGETS}
    """
)


def put(connection: Connection, org_id: int, limits: OrganizationLimits, by: Author) -> None:
    """Set the limits of an organization, in place of those before."""
    connection.execute(PUT, {"org_id": org_id, **vars(limits.budgets), **vars(limits.quantities), **vars(by)})


PUT_OF_MEMBER = text(
    f"""
    INSERT INTO member_budgets (org_id, user_id, {_BUDGETS}, changed_at, changed_by)
    VALUES (:org_id, :user_id, {_VALUES}, :changed_at, :changed_by)
    ON CONFLICT (org_id, user_id) DO UPDATE SET
        {_SET_BUDGETS}
    """
)
DELETE_OF_MEMBER = text("DELETE FROM member_budgets WHERE org_id = :org_id AND user_id = :user_id")


def put_of_member(connection: Connection, member: tuple[int, str], budgets: Budgets, by: Author) -> None:
    """Set the budgets of a member, in place of those before."""
    own = {"org_id": member[0], "user_id": member[1]}
    if budgets == Budgets():
        connection.execute(DELETE_OF_MEMBER, own)
    else:
        connection.execute(PUT_OF_MEMBER, {**own, **vars(budgets), **vars(by)})


HAS_MEMBER = text("SELECT 1 FROM members WHERE org_id = :org_id AND user_id = :user_id")
LOCK = locking("SELECT id FROM organizations WHERE id = :org_id {lock}", "FOR NO KEY UPDATE")


def has_member(connection: AnyReader, org_id: int, user_id: str) -> bool:
    """Whether somebody is a member."""
    return connection.execute(HAS_MEMBER, {"org_id": org_id, "user_id": user_id}).first() is not None


def lock(connection: Connection, org_id: int) -> None:
    """Let nobody else count what an organization has until this transaction ends."""
    connection.execute(LOCK.on(connection), {"org_id": org_id})
