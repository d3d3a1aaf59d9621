"""Exports and removals: what belongs to an organization or to a person, counted and put together for both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from database import Database
from features.accounts import removal
from features.accounts.service import Accounts
from features.belongings.archive import Archive, Part
from features.files.service import files_of, total_bytes
from infrastructure.audit import Trail
from infrastructure.belonging import Shown
from infrastructure.belongings_store import Owner, count
from infrastructure.foundation import Foundation
from models.access import Principal
from models.removal import AccountRemoval, OrganizationRemoval, RemovalOrder
from models.user import Membership

PEOPLE_AT_ONCE = 200


@dataclass(frozen=True)
class OrganizationPlan:
    """The removal of an organization, with the number of rows by table, and the bytes of its files."""

    removal: OrganizationRemoval
    rows: Mapping[str, int]
    file_bytes: int


@dataclass(frozen=True)
class AccountPlan:
    """The removal of an account, with the number of its rows by table, and of the rows of each organization that has nobody else."""

    removal: AccountRemoval
    rows: Mapping[str, int]
    rows_of: Mapping[int, int]


def plan_organization(foundation: Foundation, org_id: int) -> OrganizationPlan:
    """What the removal of an organization would do. Raises OrganizationNotFound."""
    with foundation.database.reader() as connection:
        planned = removal.plan_organization(connection, org_id)
        size = total_bytes(connection, org_id)
    return OrganizationPlan(planned, _count(foundation, Owner(org_id)), size)


def remove_organization(foundation: Foundation, parts: Accounts, principal: Principal, order: RemovalOrder) -> OrganizationPlan:
    """Remove the organization that somebody acts for, and say what that was. Raises as `removal.remove_organization`."""
    before = plan_organization(foundation, principal.org_id)
    done = removal.remove_organization(parts, principal, order, foundation.stop_organization)
    return OrganizationPlan(done, before.rows, before.file_bytes)


def plan_account(foundation: Foundation, user_id: str) -> AccountPlan:
    """What the removal of an account would do. Raises UserNotFound."""
    with foundation.database.reader() as connection:
        planned = removal.plan_account(connection, user_id)
    rows_of = {each.org_id: sum(_count(foundation, Owner(each.org_id)).values()) for each in planned.removed}
    return AccountPlan(planned, _count(foundation, Owner(user_id=user_id)), rows_of)


def remove_account(foundation: Foundation, parts: Accounts, principal: Principal, order: RemovalOrder) -> AccountPlan:
    """Remove the account of somebody, and say what that was. Raises as `removal.remove_account`."""
    assert principal.user_id is not None, "a key has no account"
    before = plan_account(foundation, principal.user_id)
    done = removal.remove_account(parts, principal, order, foundation.stop_organization)
    return AccountPlan(done, before.rows, before.rows_of)


def export_organization(foundation: Foundation, org_id: int, trail: Trail | None) -> Archive:
    """Everything of an organization as an archive; once it is taken to its end, that is noted by `trail`."""
    name = removal.name_of(foundation.database, org_id)
    done = partial(removal.note_export_of_organization, foundation.database, org_id, trail) if trail is not None else _nothing
    return Archive(foundation.database, files_of(foundation), [_organization(foundation, org_id, name)], done)


def export_account(foundation: Foundation, user_id: str, trail: Trail | None) -> Archive:
    """Everything of a person as an archive, and of the organizations that have nobody else.

    Once it is taken to its end, that is noted by `trail`.
    """
    with foundation.database.reader() as connection:
        planned = removal.plan_account(connection, user_id)
    tables = [each for each in foundation.belongings.of_people if each.shown is not Shown.TO_NOBODY]
    memberships: Sequence[Membership] = [*planned.removed, *planned.left, *planned.unguarded]
    person = Part(Owner(user_id=user_id), f"is of {planned.email}", tables, more={"memberships": lambda: [memberships]})
    alone = [_organization(foundation, each.org_id, each.name, f"organizations/{each.org_id}/") for each in planned.removed]
    done = partial(removal.note_export_of_account, foundation.database, user_id, trail) if trail is not None else _nothing
    return Archive(foundation.database, files_of(foundation), [person, *alone], done)


def _organization(foundation: Foundation, org_id: int, name: str, folder: str = "") -> Part:
    tables = [each for each in foundation.belongings.of_organizations if each.shown is Shown.TO_ALL]
    people = {"people": lambda: _people(foundation.database, org_id)}
    return Part(Owner(org_id), f"belongs to the organization {name}", tables, folder, people)


def _people(database: Database, org_id: int) -> Iterator[list[Any]]:
    """The members of an organization with their names, some at a time."""
    after: str | None = None
    while True:
        found = removal.list_members(database, org_id, after, PEOPLE_AT_ONCE)
        if found:
            yield found
        if len(found) < PEOPLE_AT_ONCE:
            return
        after = found[-1].user_id


def _count(foundation: Foundation, owner: Owner) -> dict[str, int]:
    """The number of an owner's rows by table, of what a removal removes; tables without any are left out."""
    found = foundation.belongings
    tables = [each for each in (found.of_organizations if owner.user_id is None else found.of_people) if not each.outlives]
    with foundation.database.read() as connection:
        counted = {each.table: count(connection, each, owner) for each in tables}
    return {table: rows for table, rows in sorted(counted.items()) if rows}


def _nothing() -> None:
    """Note nothing."""
