"""Who is a member of an organization: roles, removing and leaving. An organization always keeps an administrator."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from database import Database
from features.accounts.api_keys import forget_callers
from features.accounts.service import Accounts
from features.accounts.store import api_key as api_key_store
from features.accounts.store import link as link_store
from features.accounts.store import organization as organization_store
from features.accounts.store import user as user_store
from features.accounts.store.organization import Joining
from infrastructure.audit import note
from infrastructure.sql.transaction import after_commit
from models.access import Principal, Role, Scope
from models.account_errors import LastAdmin, MemberNotFound, OrganizationNotFound, TooManyOrganizations
from models.api_key import SHARED_ORG
from models.errors import Forbidden
from models.organization import MOST_MEMBERSHIPS, Member, Organization
from utils.clock import now
from utils.ids import is_id

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class OrganizationDetails:
    """An organization and the number of its members."""

    organization: Organization
    members: int


def details_of(database: Database, org_id: int) -> OrganizationDetails:
    """An organization. Raises OrganizationNotFound."""
    with database.reader() as connection:
        found = organization_store.find(connection, org_id)
        if found is None:
            raise OrganizationNotFound
        return OrganizationDetails(found, organization_store.count_members(connection, org_id))


def list_all_organizations(database: Database, after: int | None, limit: int) -> list[OrganizationDetails]:
    """Every organization, the oldest first, behind the id `after`."""
    with database.reader() as connection:
        rows = organization_store.list_all(connection, SHARED_ORG if after is None else after, limit)
    return [OrganizationDetails(*row) for row in rows]


def add_organization(connection: Connection, user_id: str, name: str) -> int:
    """Make an organization and its first administrator; return its id. Raises TooManyOrganizations."""
    user_store.lock(connection, user_id)
    require_place(connection, user_id)
    return _found(connection, user_id, name)


def require_place(connection: Connection, user_id: str) -> None:
    """Raise TooManyOrganizations for somebody who can become a member of no other one. The person is locked."""
    if organization_store.count_of_user(connection, user_id) >= MOST_MEMBERSHIPS:
        raise TooManyOrganizations


def rename(database: Database, org_id: int, name: str) -> None:
    """Rename an organization. Raises OrganizationNotFound."""
    with database.transaction() as connection:
        former = organization_store.find(connection, org_id)
        if former is None or not organization_store.set_name(connection, org_id, name):
            raise OrganizationNotFound
        note(connection, target=f"organizations/{org_id}", before={"name": former.name}, after={"name": name})


def list_members(database: Database, org_id: int, after: str | None, limit: int) -> list[Member]:
    """The members of an organization, behind the id `after`."""
    with database.read() as connection:
        return organization_store.list_members(connection, org_id, after, limit)


def find_member(database: Database, org_id: int, user_id: str) -> Member:
    """A member of an organization. Raises MemberNotFound."""
    with database.reader() as connection:
        found = organization_store.find_member(connection, org_id, user_id) if is_id(user_id) else None
    if found is None:
        raise MemberNotFound
    return found


def change_role(parts: Accounts, org_id: int, user_id: str, role: Role) -> Member:
    """Make a member something else. Raises MemberNotFound, LastAdmin.

    An administrator who becomes less takes back the invitations that they made.
    """
    find_member(parts.database, org_id, user_id)
    with parts.database.transaction() as connection:
        member = _lock_member(connection, org_id, user_id)
        if role is not Role.ADMIN:
            _require_other_admin(connection, org_id, member)
            link_store.end_by_member(connection, org_id, user_id, now())
        organization_store.put_member(connection, org_id, Joining(user_id, role, member.joined_at))
        note(connection, before={"role": member.role}, after={"role": role})
        after_commit(connection, lambda: log.warning("role changed", user_id=user_id, org_id=org_id, role=role))
    forget_callers(parts.cache)
    return find_member(parts.database, org_id, user_id)


def remove_member(parts: Accounts, org_id: int, user_id: str, by: Principal) -> None:
    """Remove somebody, or leave. Raises MemberNotFound, LastAdmin; Forbidden for whoever removes somebody else and is no administrator.

    It ends what they could do there within two seconds: their sign-ins act for this organization no more, and their keys for it and the
    invitations that they made are revoked. Whoever is a member of nothing else gets an organization of their own.
    """
    find_member(parts.database, org_id, user_id)
    leaves = by.is_in_person and by.user_id == user_id
    if not leaves and Scope.ADMIN not in by.scopes:
        raise Forbidden("An administrator of the organization removes others. Everybody may leave in person, and no key does it for them.")
    with parts.database.transaction() as connection:
        member = _lock_member(connection, org_id, user_id)
        _require_other_admin(connection, org_id, member)
        end_membership(connection, org_id, member)
        note(connection, before=member)
        after_commit(connection, lambda: log.warning("member removed", user_id=user_id, org_id=org_id, removed_by=by.actor_id))
    forget_callers(parts.cache)


def end_membership(connection: Connection, org_id: int, member: Member) -> None:
    """End a membership and what depends on it; whoever is a member of nothing else founds an organization. This one is locked."""
    user_store.lock(connection, member.user_id)
    leave(connection, org_id, member.user_id)
    if organization_store.count_of_user(connection, member.user_id) == 0:
        _found(connection, member.user_id, member.name)


def leave(connection: Connection, org_id: int, user_id: str) -> None:
    """End a membership and what depends on it. The organization and the person are locked."""
    moment = now()
    link_store.end_by_member(connection, org_id, user_id, moment)
    api_key_store.revoke_of_user(connection, user_id, moment, org_id)
    organization_store.delete_member(connection, org_id, user_id)


def _lock_member(connection: Connection, org_id: int, user_id: str) -> Member:
    organization_store.lock(connection, org_id)
    found = organization_store.find_member(connection, org_id, user_id)
    if found is None:
        raise MemberNotFound
    return found


def _require_other_admin(connection: Connection, org_id: int, member: Member) -> None:
    if member.role is Role.ADMIN and not organization_store.has_other_admin(connection, org_id, member.user_id):
        raise LastAdmin


def _found(connection: Connection, user_id: str, name: str) -> int:
    moment = now()
    org_id = organization_store.insert(connection, name, moment)
    organization_store.put_member(connection, org_id, Joining(user_id, Role.ADMIN, moment))
    after_commit(connection, lambda: log.info("organization created", org_id=org_id, user_id=user_id))
    return org_id
