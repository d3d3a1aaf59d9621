"""Removes organizations and accounts: at once what anybody could still use, and the rest by a task (features/belongings).

The organizations are locked in the order of their ids, then people, as for every change of who is a member of what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import structlog
from sqlalchemy import Connection

from database import AnyReader, Database
from features.accounts.api_keys import forget_callers
from features.accounts.memberships import details_of, end_membership, leave, list_members
from features.accounts.own_account import require_proof
from features.accounts.service import Accounts
from features.accounts.store import api_key as api_key_store
from features.accounts.store import export as export_store
from features.accounts.store import link as link_store
from features.accounts.store import organization as organization_store
from features.accounts.store import session as session_store
from features.accounts.store import user as user_store
from infrastructure.audit import Trail, follow, note
from infrastructure.sql.transaction import after_commit
from models.access import Principal, Role
from models.account_errors import (
    ConfirmationWrong,
    ExportNeeded,
    LastAdminOf,
    LastOperator,
    MembershipsChanged,
    OrganizationNotFound,
    OrganizationStays,
    UserNotFound,
)
from models.api_key import FIRST_ORG
from models.errors import Forbidden
from models.organization import Member
from models.removal import MOST_FATES, AccountRemoval, OrganizationRemoval, RemovalOrder, is_export_needed
from models.user import Membership, email_key
from utils.clock import now

__all__ = ["Stop", "list_members"]

log = structlog.get_logger(__name__)
Stop = Callable[[Connection, int], None]  # stops what the features do by themselves for an organization
MEMBERS_AT_ONCE = 200


def note_export_of_organization(database: Database, org_id: int, trail: Trail) -> None:
    """Note that everything of an organization was exported to the end; nothing of it where the organization is gone meanwhile."""
    with _following(trail), database.transaction() as connection:
        if organization_store.lock(connection, org_id):
            export_store.note_of_organization(connection, org_id, now(), trail.actor.id or "")
        note(connection, target=f"organizations/{org_id}")


def note_export_of_account(database: Database, user_id: str, trail: Trail) -> None:
    """Note that everything of a person was exported to the end; nothing of it where they are gone meanwhile."""
    with _following(trail), database.transaction() as connection:
        if user_store.lock(connection, user_id):
            export_store.note_of_person(connection, user_id, now())
        note(connection, target=f"users/{user_id}")


@contextmanager
def _following(trail: Trail) -> Iterator[None]:
    """An answer is sent after the end of its request, so it has a trail of its own."""
    follow(trail)
    try:
        yield
    finally:
        follow(None)


def name_of(database: Database, org_id: int) -> str:
    """The name of an organization. Raises OrganizationNotFound."""
    return details_of(database, org_id).organization.name


def plan_organization(connection: AnyReader, org_id: int) -> OrganizationRemoval:
    """What the removal of an organization would do. Raises OrganizationNotFound."""
    found = organization_store.find(connection, org_id)
    if found is None:
        raise OrganizationNotFound
    members = organization_store.count_members(connection, org_id)
    fates = organization_store.list_fates(connection, org_id, MOST_FATES)
    return OrganizationRemoval(
        org_id, found.name, members, fates, org_id == FIRST_ORG, export_store.made_of_organization(connection, org_id)
    )


def remove_organization(parts: Accounts, principal: Principal, order: RemovalOrder, stop: Stop) -> OrganizationRemoval:
    """Take an organization from everybody. A task removes what is in it.

    Members go, and whoever is a member of nothing else gets an organization of their own; sessions act for another one; invitations and
    keys end; nothing runs by itself any more. Raises OrganizationStays, OrganizationNotFound, ConfirmationWrong, ExportNeeded, Forbidden,
    and as `require_proof`.
    """
    org_id = principal.org_id
    with parts.database.reader() as connection:
        planned = plan_organization(connection, org_id)
    if planned.stays:
        raise OrganizationStays
    if " ".join(order.confirm.split()) != planned.name:
        raise ConfirmationWrong(f"Type the name of the organization exactly as it is: {planned.name}.")
    _require_export(planned.exported_at, "GET /api/v1/organization/export")
    require_proof(parts.database, parts, principal, order.password)
    assert principal.user_id is not None, "a person acts by a session"
    with parts.database.transaction() as connection:
        is_there = organization_store.lock(connection, org_id)
        if not is_there or organization_store.find_role(connection, org_id, principal.user_id) is not Role.ADMIN:
            raise Forbidden("An administrator of the organization removes it, and you are none any more.")
        planned = plan_organization(connection, org_id)
        for member in _members(connection, org_id):
            end_membership(connection, org_id, member)
        session_store.move_away(connection, org_id)
        _close(connection, org_id, stop)
        told = {"members": planned.members, "removed": True}
        note(connection, target=f"organizations/{org_id}", before={"name": planned.name}, after=told)
        after_commit(connection, lambda: log.warning("organization removed", org_id=org_id, removed_by=principal.actor_id))
    forget_callers(parts.cache)
    return planned


def plan_account(connection: AnyReader, user_id: str) -> AccountRemoval:
    """What the removal of an account would do. Raises UserNotFound."""
    user = user_store.find(connection, user_id)
    if user is None:
        raise UserNotFound
    removed: list[Membership] = []
    left: list[Membership] = []
    unguarded: list[Membership] = []
    for each in organization_store.list_of_user(connection, user_id):
        if organization_store.count_members(connection, each.org_id) == 1 and each.org_id != FIRST_ORG:
            removed.append(each)
        elif _would_be_unguarded(connection, each, user_id):
            unguarded.append(each)
        else:
            left.append(each)
    is_last = user.is_operator and not user_store.has_other_operator(connection, user_id)
    return AccountRemoval(user.email, removed, left, unguarded, is_last, export_store.made_of_person(connection, user_id))


def remove_account(parts: Accounts, principal: Principal, order: RemovalOrder, stop: Stop) -> AccountRemoval:
    """Remove a person with everything that is theirs alone; a task removes what is in the organizations that have nobody else.

    Raises LastOperator, LastAdminOf, ConfirmationWrong, ExportNeeded, MembershipsChanged, UserNotFound, and as `require_proof`.
    """
    user_id = principal.user_id
    assert user_id is not None, "a key has no account"
    with parts.database.reader() as connection:
        planned = plan_account(connection, user_id)
    _require_nothing_in_the_way(planned)
    if email_key(order.confirm.strip()) != email_key(planned.email):
        raise ConfirmationWrong("Type the e-mail address that you sign in with.")
    _require_export(planned.exported_at, "GET /api/v1/auth/me/export")
    require_proof(parts.database, parts, principal, order.password)
    with parts.database.transaction() as connection:
        known = organization_store.list_of_user(connection, user_id)
        # Of two operators who go at once, the second sees the first: both lock the first organization, as whoever makes one does.
        for org_id in sorted({FIRST_ORG, *(each.org_id for each in known)}):
            organization_store.lock(connection, org_id)
        if not user_store.lock(connection, user_id):
            raise UserNotFound
        if organization_store.list_of_user(connection, user_id) != known:
            raise MembershipsChanged
        planned = plan_account(connection, user_id)
        _require_nothing_in_the_way(planned)
        for each in known:
            leave(connection, each.org_id, user_id)
        for each in planned.removed:
            _close(connection, each.org_id, stop)
        user_store.delete(connection, user_id)
        link_store.delete_of_address(connection, planned.email)
        told = {
            "organizations_removed": [each.org_id for each in planned.removed],
            "organizations_left": [each.org_id for each in planned.left],
        }
        note(connection, target=f"users/{user_id}", after=told)
        after_commit(connection, lambda: log.warning("account removed", user_id=user_id, **told))
    forget_callers(parts.cache)
    parts.all_sessions.forget()
    return planned


def list_removed(connection: AnyReader) -> list[tuple[int, datetime]]:
    """The organizations whose rows are still to be removed, and since when."""
    return organization_store.list_removed(connection)


def keep_closed(connection: Connection, org_id: int, stop: Stop) -> None:
    """Stop once more what requests that were under way at the time of the removal may have started."""
    stop(connection, org_id)
    session_store.move_away(connection, org_id)


def delete_organization(connection: Connection, org_id: int) -> bool:
    """Delete the row of an organization that is being removed; return whether there was one. Raises IntegrityError if rows refer to it."""
    return organization_store.delete(connection, org_id)


def _close(connection: Connection, org_id: int, stop: Stop) -> None:
    moment = now()
    link_store.end_invitations(connection, org_id, moment)
    api_key_store.revoke_all(connection, org_id, moment)
    stop(connection, org_id)
    organization_store.mark_removed(connection, org_id, moment)


def _members(connection: Connection, org_id: int) -> Sequence[Member]:
    found: list[Member] = []
    while True:
        page = organization_store.list_members(connection, org_id, found[-1].user_id if found else None, MEMBERS_AT_ONCE)
        found += page
        if len(page) < MEMBERS_AT_ONCE:
            return found


def _would_be_unguarded(connection: AnyReader, membership: Membership, user_id: str) -> bool:
    if membership.role is not Role.ADMIN or organization_store.count_members(connection, membership.org_id) == 1:
        return False
    return not organization_store.has_other_admin(connection, membership.org_id, user_id)


def _require_nothing_in_the_way(planned: AccountRemoval) -> None:
    if planned.is_last_operator:
        raise LastOperator
    if planned.unguarded:
        raise LastAdminOf([each.name for each in planned.unguarded])


def _require_export(exported_at: datetime | None, operation: str) -> None:
    if is_export_needed(exported_at, now()):
        raise ExportNeeded(
            f"Nothing is removed that was not exported within the last 24 hours. Download it to its end by {operation} first."
        )
