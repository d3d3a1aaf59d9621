"""People: registering, changing and disabling them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog
from sqlalchemy import Connection

from database import AnyReader, Database
from features.accounts.api_keys import forget_callers
from features.accounts.links import MadeLink
from features.accounts.passwords import Passwords, check_password
from features.accounts.service import Accounts
from features.accounts.store import link as link_store
from features.accounts.store import organization as organization_store
from features.accounts.store import session as session_store
from features.accounts.store import user as user_store
from features.accounts.store.organization import Joining
from infrastructure.audit import note
from infrastructure.sql.transaction import after_commit
from models.access import Principal, Role
from models.account_errors import AdminExists, EmailTaken, OwnAccount, UserNotFound
from models.api_key import FIRST_ORG
from models.user import Membership, User
from utils.clock import now
from utils.ids import is_id, new_id

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class NewUser:
    """Somebody who registers. Without a password they sign in by a provider."""

    email: str
    name: str
    password: str | None
    is_operator: bool = False


@dataclass(frozen=True)
class Profile:
    """Somebody as they see themselves: what they are a member of, and the organization that they act for now."""

    user: User
    memberships: tuple[Membership, ...]
    recovery_codes: int


def hash_of(passwords: Passwords, new: NewUser) -> str | None:
    """The hash of a new person's password, made before the transaction. Raises PasswordRefused, SignInBusy."""
    if new.password is None:
        return None
    check_password(new.password, new.email, new.email.partition("@")[0], new.name)
    return passwords.hash(new.password)


def add_user(connection: Connection, new: NewUser, password_hash: str | None, org_id: int | None = None) -> User:
    """Store a new person: as an administrator of the organization `org_id`, else of one of their own. Raises EmailTaken."""
    moment = now()
    user = User(new_id(), new.email, new.name, password_hash is not None, False, new.is_operator, moment)
    if not user_store.insert(connection, user, password_hash):
        raise EmailTaken
    if org_id is None:
        org_id = organization_store.insert(connection, new.name, moment)
    organization_store.put_member(connection, org_id, Joining(user.id, Role.ADMIN, moment))
    after_commit(connection, lambda: log.warning("account created", user_id=user.id, is_operator=user.is_operator, org_id=org_id))
    return user


def organization_of(connection: AnyReader, user_id: str) -> int | None:
    """The organization that somebody acts for when they sign in."""
    return organization_store.find_last_of_user(connection, user_id)


def find_user(database: Database, user_id: str) -> User:
    """Somebody by their id. Raises UserNotFound."""
    with database.reader() as connection:
        found = user_store.find(connection, user_id) if is_id(user_id) else None
    if found is None:
        raise UserNotFound
    return found


def profile_of(database: Database, user_id: str) -> Profile:
    """Somebody with what they are a member of. Raises UserNotFound."""
    with database.reader() as connection:
        found = user_store.find(connection, user_id)
        if found is None:
            raise UserNotFound
        memberships = organization_store.list_of_user(connection, user_id)
        return Profile(found, tuple(memberships), user_store.count_recovery(connection, user_id))


def replace_password(connection: Connection, user_id: str, password_hash: str, kept_session: str | None = None) -> None:
    """Replace somebody's password, and end their sessions but `kept_session` and the links that would set it once more."""
    moment = now()
    user_store.set_password(connection, user_id, password_hash, moment)
    session_store.end_of_user(connection, user_id, moment, kept_session)
    link_store.end_of_user(connection, user_id, moment)
    after_commit(connection, lambda: log.warning("password changed", user_id=user_id))


@dataclass(frozen=True)
class UserChange:
    """What an operator changes of somebody; None leaves it as it is."""

    disabled: bool | None = None
    is_operator: bool | None = None


def change_user(parts: Accounts, user_id: str, change: UserChange, by: Principal) -> User:
    """Disable somebody or let them in again; make them an operator or no more. Raises UserNotFound, OwnAccount.

    A disabled person's sessions end for good; their keys stop, and go on once they are let in again.
    """
    moment = now()
    former = find_user(parts.database, user_id)
    if user_id == by.user_id:
        raise OwnAccount
    with parts.database.transaction() as connection:
        if change.disabled is not None:
            user_store.set_disabled(connection, user_id, moment if change.disabled else None)
        if change.disabled:
            session_store.end_of_user(connection, user_id, moment)
            link_store.end_of_user(connection, user_id, moment)
        if change.is_operator is not None:
            user_store.set_operator(connection, user_id, is_operator=change.is_operator)
        note(connection, before=former, after=user_store.find(connection, user_id))
    forget_callers(parts.cache)
    log.warning("account changed", user_id=user_id, disabled=change.disabled, is_operator=change.is_operator, changed_by=by.actor_id)
    return find_user(parts.database, user_id)


def list_users(database: Database, before: str | None, limit: int) -> list[User]:
    """Everybody, newest first; with the id `before`, only older ones."""
    with database.read() as connection:
        return user_store.list_all(connection, before, limit)


def password_link(parts: Accounts, user_id: str, created_by: str) -> MadeLink:
    """A link by which somebody sets a new password. Raises UserNotFound."""
    find_user(parts.database, user_id)
    with parts.database.transaction() as connection:
        made = parts.links.for_password(connection, user_id, created_by)
    log.warning("link for a password made", user_id=user_id, created_by=created_by)
    return made


def link_for_email(parts: Accounts, email: str, created_by: str) -> MadeLink:
    """The same by the address that somebody signs in with. Raises UserNotFound."""
    with parts.database.reader() as connection:
        found = user_store.find_by_email(connection, email)
    if found is None:
        raise UserNotFound("There is no account with this e-mail address.")
    return password_link(parts, found.id, created_by)


def has_operator(database: Database) -> bool:
    """Whether somebody with an account looks after the whole installation."""
    with database.reader() as connection:
        return user_store.has_operator(connection)


def create_admin(parts: Accounts, new: NewUser, *, only_first: bool = False) -> User:
    """Make an administrator of the first organization who looks after the whole installation.

    Raises PasswordRefused, EmailTaken, SignInBusy; and AdminExists, with `only_first`, where there is an operator already.
    """
    password_hash = hash_of(parts.passwords, new)
    with parts.database.transaction() as connection:
        if only_first:
            organization_store.lock(connection, FIRST_ORG)  # of two at once, the second sees the first
            if user_store.has_operator(connection):
                raise AdminExists
        user = add_user(connection, replace(new, is_operator=True), password_hash, FIRST_ORG)
        note(connection, target=f"users/{user.id}", after={"name": user.name, "email": user.email, "is_operator": True})
        return user
