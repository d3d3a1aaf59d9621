"""What people do with their own passkeys: adding and removing one needs the present password, or a sign-in that has just been made."""

from __future__ import annotations

from dataclasses import replace

import structlog
from sqlalchemy import Connection

from database import Database
from features.accounts.own_account import require_proof
from features.accounts.passkeys import Begun
from features.accounts.service import Accounts
from features.accounts.store import identity as identity_store
from features.accounts.store import passkey as passkey_store
from features.accounts.store import user as user_store
from features.accounts.store.user import Credentials
from infrastructure.audit import note
from models.access import Principal
from models.account_errors import LastWayIn, PasskeyNotFound
from models.passkey import MOST_PASSKEYS, Passkey

log = structlog.get_logger(__name__)


def begin_passkey(database: Database, parts: Accounts, principal: Principal, password: str | None) -> Begun:
    """What to ask for a new passkey. Raises PasskeysOff, TooManyPasskeys, and as `require_proof`."""
    found = require_proof(database, parts, principal, password)
    return parts.passkeys.creation_options(found)


def list_passkeys(database: Database, user_id: str) -> list[Passkey]:
    """Somebody's passkeys, newest first."""
    with database.reader() as connection:
        return [each.passkey for each in passkey_store.list_of_user(connection, user_id, MOST_PASSKEYS)]


def rename_passkey(database: Database, user_id: str, passkey_id: str, name: str) -> Passkey:
    """Give a passkey another name. Raises PasskeyNotFound."""
    with database.transaction() as connection:
        former = passkey_store.find(connection, user_id, passkey_id)
        if former is None or not passkey_store.rename(connection, user_id, passkey_id, name):
            raise PasskeyNotFound
        found = replace(former, passkey=replace(former.passkey, name=name))
        note(connection, before=former.passkey, after=found.passkey)
    return found.passkey


def remove_passkey(database: Database, parts: Accounts, principal: Principal, passkey_id: str, password: str | None) -> None:
    """Remove a passkey of the caller. Raises PasskeyNotFound, LastWayIn, and as `require_proof`."""
    found = require_proof(database, parts, principal, password)
    with database.transaction() as connection:
        # Two at once would both find the other passkey there.
        user_store.lock(connection, found.user_id)
        former = passkey_store.find(connection, found.user_id, passkey_id)
        if former is None or not passkey_store.delete(connection, found.user_id, passkey_id):
            raise PasskeyNotFound
        note(connection, before=former.passkey)
        if not _can_sign_in(connection, found):
            raise LastWayIn
    log.warning("passkey removed", user_id=found.user_id, passkey_id=passkey_id)


def _can_sign_in(connection: Connection, found: Credentials) -> bool:
    if found.password_hash is not None or passkey_store.count_of_user(connection, found.user_id) > 0:
        return True
    return bool(identity_store.list_of_user(connection, found.user_id))
