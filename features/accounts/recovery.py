"""A new password for whoever has forgotten theirs, by a link that is good for one use."""

from __future__ import annotations

import structlog

from database import Database
from features.accounts.passwords import check_password
from features.accounts.service import Accounts
from features.accounts.store import user as user_store
from features.accounts.users import organization_of, replace_password
from infrastructure.audit import note
from models.account_errors import LinkEnded, NoMailServer
from models.audit import Actor, ActorKind
from models.link import Purpose
from models.session import Origin
from models.user import email_key

log = structlog.get_logger(__name__)


def forgot(parts: Accounts, email: str, origin: Origin) -> None:
    """Send a link to somebody, in the background. Nobody learns whether the address is somebody's. Raises NoMailServer, TooManyTries."""
    if not parts.mail.is_set_up:
        raise NoMailServer
    parts.tries.take(f"forgot {email_key(email)}", origin.address)
    parts.mail.send_password_link(email)


def reset(database: Database, parts: Accounts, token: str, password: str) -> None:
    """Set a new password by a link and end all sign-ins; the second factor stays. Raises LinkEnded, PasswordRefused, SignInBusy."""
    with database.reader() as connection:
        link = parts.links.find(connection, Purpose.RESET, token)
        found = user_store.credentials(connection, link.user_id or "")
    if found is None or found.disabled_at is not None:
        raise LinkEnded
    check_password(password, found.email, found.email.partition("@")[0], found.name)
    password_hash = parts.passwords.hash(password)
    with database.transaction() as connection:
        parts.links.use(connection, Purpose.RESET, token)
        replace_password(connection, found.user_id, password_hash)
        actor = Actor(ActorKind.PERSON, found.user_id, organization_of(connection, found.user_id))
        note(connection, target=f"users/{found.user_id}", actor=actor)
    parts.all_sessions.forget()
