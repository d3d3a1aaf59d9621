"""What people do with their own account. What makes an account theirs (address, password, second factor) needs the present password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog

from database import Database
from features.accounts.api_keys import forget_callers
from features.accounts.passwords import check_password
from features.accounts.service import Accounts
from features.accounts.store import organization as organization_store
from features.accounts.store import session as session_store
from features.accounts.store import user as user_store
from features.accounts.store.user import Credentials
from features.accounts.users import replace_password
from infrastructure.audit import note, record
from models.access import Principal
from models.account_errors import EmailTaken, NotAMember, PasswordNeeded, UserNotFound
from models.audit import Actor, ActorKind
from utils.clock import now

log = structlog.get_logger(__name__)
FRESH = timedelta(minutes=15)  # a sign-in that somebody without a password has just made proves as much as one


@dataclass(frozen=True)
class ProfileChange:
    """What somebody changes of themselves; None leaves it as it is. `password` is the present one."""

    name: str | None
    email: str | None
    password: str | None


@dataclass(frozen=True)
class PasswordChange:
    """A new password, the present one, and whether other sign-ins end."""

    current: str | None
    new: str
    end_others: bool


def require_proof(database: Database, parts: Accounts, principal: Principal, password: str | None) -> Credentials:
    """The caller's credentials, once they have proved who they are by the present password; without one, by having just signed in.

    Raises PasswordNeeded, TooManyTries, SignInBusy.
    """
    assert principal.user_id is not None, "a key has no password"
    with database.reader() as connection:
        found = user_store.credentials(connection, principal.user_id)
        proved_at = session_store.proved_at(connection, principal.session_id or "")
    if found is None:
        raise UserNotFound
    if found.password_hash is None:
        if proved_at is None or proved_at < now() - FRESH:
            raise PasswordNeeded("Sign in again first: it was more than 15 minutes ago, and your account has no password.")
        return found
    who = f"own password {principal.user_id}"
    parts.tries.take(who, None)
    if password is None or not parts.passwords.verify(found.password_hash, password):
        with database.bookkeeping() as connection:
            actor = Actor(ActorKind.PERSON, principal.user_id, principal.org_id)
            record(connection, action="password_refused", target=f"users/{principal.user_id}", actor=actor)
        raise PasswordNeeded
    parts.tries.succeeded(who, None)
    return found


def change_profile(database: Database, parts: Accounts, principal: Principal, change: ProfileChange) -> None:
    """Change the caller's name or address. Raises EmailTaken, and as `require_proof` for another address."""
    assert principal.user_id is not None, "a key has no name"
    if change.email is not None:
        require_proof(database, parts, principal, change.password)
    with database.transaction() as connection:
        former = user_store.find(connection, principal.user_id)
        if change.name is not None:
            user_store.set_name(connection, principal.user_id, change.name)
        if change.email is not None and not user_store.set_email(connection, principal.user_id, change.email):
            raise EmailTaken
        note(connection, before=former, after=user_store.find(connection, principal.user_id))


def change_password(database: Database, parts: Accounts, principal: Principal, change: PasswordChange) -> None:
    """Replace the caller's password. Raises PasswordRefused, and as `require_proof`."""
    found = require_proof(database, parts, principal, change.current)
    check_password(change.new, found.email, found.email.partition("@")[0], found.name)
    password_hash = parts.passwords.hash(change.new)
    with database.transaction() as connection:
        if change.end_others:
            replace_password(connection, found.user_id, password_hash, principal.session_id)
        else:
            user_store.set_password(connection, found.user_id, password_hash, now())
    parts.all_sessions.forget()


def end_others(database: Database, parts: Accounts, principal: Principal) -> int:
    """End all sign-ins of the caller but the one that it acts in; return how many."""
    assert principal.user_id is not None, "a key has no sessions"
    with database.transaction() as connection:
        ended = session_store.end_of_user(connection, principal.user_id, now(), principal.session_id)
        note(connection, before={"sign_ins": ended + 1}, after={"sign_ins": 1})
    parts.all_sessions.forget()
    return ended


def switch_organization(database: Database, parts: Accounts, principal: Principal, org_id: int) -> None:
    """Let the caller's session act for another organization. Raises NotAMember, also for one that does not exist."""
    assert principal.user_id is not None, "a key is for one organization"
    assert principal.session_id is not None, "a person acts in a session"
    with database.transaction() as connection:
        if organization_store.find_role(connection, org_id, principal.user_id) is None:
            raise NotAMember
        session_store.switch(connection, principal.session_id, org_id)
        note(connection, before={"organization_id": principal.org_id}, after={"organization_id": org_id})
    forget_callers(parts.cache)
    log.info("organization chosen", user_id=principal.user_id, org_id=org_id)
