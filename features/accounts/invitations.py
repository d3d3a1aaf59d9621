"""Invitations to an organization: each is a link that one person joins by, within seven days.

Whoever has the link may use it: somebody who is signed in joins with the account that they have, whatever its address, and somebody without
an account makes one with the address that was invited. It never changes an account that there is.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from database import Database
from features.accounts.links import Invited, MadeLink
from features.accounts.memberships import require_place
from features.accounts.service import Accounts
from features.accounts.store import link as link_store
from features.accounts.store import organization as organization_store
from features.accounts.store import user as user_store
from features.accounts.store.organization import Joining
from features.accounts.users import NewUser, add_user, hash_of
from infrastructure.audit import note
from infrastructure.limits import LimitBook
from infrastructure.sql.transaction import after_commit
from models.access import Principal, Role
from models.account_errors import (
    EmailTaken,
    InvitationNotFound,
    LinkEnded,
    MemberAlready,
    OrganizationNotFound,
    SignedInAlready,
    SignInToJoin,
    TooManyInvitations,
)
from models.audit import Actor, ActorKind
from models.limits import MembersLimit
from models.link import Link, Purpose
from models.organization import MOST_INVITATIONS, Organization
from models.user import Membership, email_key
from utils.clock import now
from utils.ids import is_id

log = structlog.get_logger(__name__)
SOMEBODY = "An administrator"


@dataclass(frozen=True)
class Joined:
    """Who has joined as what, and whether their account is new."""

    user_id: str
    membership: Membership
    is_new: bool


@dataclass(frozen=True)
class NewAccount:
    """What somebody without an account sends to make one; None for whoever signs in."""

    name: str | None
    password: str | None


@dataclass(frozen=True)
class Invitation:
    """What an invitation is to, and whether there is an account with its address."""

    link: Link
    organization: Organization
    has_account: bool


def take_try(parts: Accounts, email: str) -> None:
    """Count an invitation to an address, whoever makes it, so that nobody's mailbox is filled. Raises TooManyTries."""
    parts.tries.take(f"invitation {email_key(email)}", None)


def invite(parts: Accounts, connection: Connection, invited: Invited, by: Principal, limits: LimitBook) -> MadeLink:
    """Make an invitation, and send it where e-mails are set up. One to the same address before it ends.

    Raises TooManyInvitations, or MembersLimit where nobody else could join.
    """
    moment = now()
    if not organization_store.lock(connection, invited.org_id):
        raise OrganizationNotFound
    _require_room(connection, invited.org_id, limits)
    link_store.end_for_address(connection, invited.org_id, invited.email, moment)
    if link_store.count_invitations(connection, invited.org_id, moment) >= MOST_INVITATIONS:
        raise TooManyInvitations
    made = parts.links.for_invitation(connection, invited, by.actor_id)
    note(connection, target=f"organization/invitations/{made.link.id}")
    inviter = user_store.find(connection, by.user_id) if by.user_id is not None else None
    name = organization_store.find_name(connection, invited.org_id) or ""

    def tell() -> None:
        log.warning("invitation made", invitation=made.link.id, org_id=invited.org_id, role=invited.role, created_by=by.actor_id)
        if parts.mail.is_set_up:
            parts.mail.send_invitation(made, name, SOMEBODY if inviter is None else inviter.name)

    after_commit(connection, tell)
    return made


def list_invitations(database: Database, org_id: int, before: str | None, limit: int) -> list[Link]:
    """The open invitations to an organization, newest first; with the id `before`, only older ones."""
    with database.read() as connection:
        return link_store.list_invitations(connection, org_id, now(), (before, limit))


def revoke_invitation(database: Database, org_id: int, link_id: str) -> None:
    """End an invitation. Raises InvitationNotFound for one that was used, has expired, or is no organization's of the caller."""
    if not is_id(link_id):
        raise InvitationNotFound
    with database.transaction() as connection:
        former = link_store.find_invitation(connection, org_id, link_id, now())
        if former is None or not link_store.end_invitation(connection, org_id, link_id, now()):
            raise InvitationNotFound
        note(connection, before=former)
    log.warning("invitation revoked", invitation=link_id, org_id=org_id)


def look(parts: Accounts, token: str) -> Invitation:
    """What an invitation is to. Raises LinkEnded."""
    with parts.database.read() as connection:
        link = parts.links.find(connection, Purpose.INVITATION, token)
        assert link.org_id is not None, "an invitation is to an organization"
        assert link.email is not None, "an invitation is for an address"
        organization = organization_store.find(connection, link.org_id)
        if organization is None:
            raise LinkEnded
        return Invitation(link, organization, user_store.find_by_email(connection, link.email) is not None)


def join(parts: Accounts, token: str, account: NewAccount, user_id: str | None, limits: LimitBook) -> Joined:
    """Join by an invitation, which is used up: with the account of the person `user_id`, or with a new one.

    Raises LinkEnded, MemberAlready, TooManyOrganizations, MembersLimit; SignedInAlready for a new account of somebody who is signed in;
    SignInToJoin for nobody and no new account; EmailTaken, PasswordRefused, SignInBusy for a new account that cannot be made.
    """
    found = look(parts, token)
    if user_id is None:
        return _join_as_new(parts, token, account, found, limits)
    if account.name is not None or account.password is not None:
        raise SignedInAlready
    with parts.database.transaction() as connection:
        link = _use(parts, connection, token)
        user_store.lock(connection, user_id)
        if organization_store.find_role(connection, found.organization.id, user_id) is not None:
            raise MemberAlready
        require_place(connection, user_id)
        _require_room(connection, found.organization.id, limits)
        return _become_member(connection, link, found.organization, user_id)


def _join_as_new(parts: Accounts, token: str, account: NewAccount, found: Invitation, limits: LimitBook) -> Joined:
    if found.has_account:
        raise EmailTaken("There is an account with the address of this invitation. Sign in, and join with it.")
    if account.name is None or account.password is None:
        raise SignInToJoin
    assert found.link.email is not None, "an invitation is for an address"
    new = NewUser(found.link.email, account.name, account.password)
    password_hash = hash_of(parts.passwords, new)
    with parts.database.transaction() as connection:
        link = _use(parts, connection, token)
        _require_room(connection, found.organization.id, limits)
        user = add_user(connection, new, password_hash, found.organization.id)
        return _become_member(connection, link, found.organization, user.id, is_new=True)


def _require_room(connection: Connection, org_id: int, limits: LimitBook) -> None:
    """Raise MembersLimit for an organization, which is locked, that has as many members as it may."""
    most = limits.quantities_in(connection, org_id).members
    if most is not None and organization_store.count_members(connection, org_id) >= most:
        raise MembersLimit(most)


def _use(parts: Accounts, connection: Connection, token: str) -> Link:
    """Use the link up, and lock its organization."""
    link = parts.links.find(connection, Purpose.INVITATION, token)
    if not organization_store.lock(connection, link.org_id or 0):
        raise LinkEnded
    return parts.links.use(connection, Purpose.INVITATION, token)


def _become_member(connection: Connection, link: Link, organization: Organization, user_id: str, *, is_new: bool = False) -> Joined:
    role = link.role or Role.VIEWER
    organization_store.put_member(connection, organization.id, Joining(user_id, role, now()))
    told = {"invitation": link.id, "role": role, "account": "new" if is_new else "their own"}
    actor = Actor(ActorKind.PERSON, user_id, organization.id)
    note(connection, target=f"organization/members/{user_id}", actor=actor, after=told)
    after_commit(connection, lambda: log.warning("invitation used", invitation=link.id, org_id=organization.id, user_id=user_id, role=role))
    return Joined(user_id, Membership(organization.id, organization.name, role), is_new)
