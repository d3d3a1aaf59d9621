"""A second factor: set up by an app's first code, removed by the present password."""

from __future__ import annotations

import structlog

from database import Database
from features.accounts.own_account import require_proof
from features.accounts.service import Accounts
from features.accounts.store import user as user_store
from features.accounts.totp import qr_code, setup_uri
from infrastructure.audit import note
from models.access import Principal
from models.account_errors import SecondFactorRefused, TwoFactorOff, TwoFactorOn
from utils.clock import now

log = structlog.get_logger(__name__)


def begin(database: Database, parts: Accounts, principal: Principal, password: str | None) -> dict[str, str]:
    """Store a new secret that does not count yet, and return it as it is typed, as an address and as a QR code.

    Raises TwoFactorOn, and as `require_proof`.
    """
    found = require_proof(database, parts, principal, password)
    secret = parts.totp.new_secret()
    with database.transaction() as connection:
        if not user_store.begin_totp(connection, found.user_id, parts.totp.seal(secret)):
            raise TwoFactorOn
    uri = setup_uri(secret, found.email)
    return {"secret": secret, "uri": uri, "qr": qr_code(uri)}


def confirm(database: Database, parts: Accounts, principal: Principal, code: str) -> list[str]:
    """Let the secret count, by a first code, and return new recovery codes. Raises TwoFactorOff, SecondFactorRefused, TooManyTries."""
    assert principal.user_id is not None, "a key has no second factor"
    with database.reader() as connection:
        found = user_store.credentials(connection, principal.user_id)
    if found is None or found.totp_secret is None or found.totp_since is not None:
        raise TwoFactorOff
    who = f"first code {found.user_id}"
    parts.tries.take(who, None)
    secret = parts.totp.unseal(found.totp_secret)
    step = None if secret is None else parts.totp.step_of(secret, code, found.totp_step)
    if step is None:
        raise SecondFactorRefused
    codes = parts.totp.new_recovery_codes()
    digests = [parts.totp.digest_of_recovery(found.user_id, each) for each in codes]
    with database.transaction() as connection:
        if not user_store.use_step(connection, found.user_id, step) or not user_store.confirm_totp(connection, found.user_id, now()):
            raise SecondFactorRefused
        user_store.replace_recovery(connection, found.user_id, digests)
    parts.tries.succeeded(who, None)
    log.warning("second factor set up", user_id=found.user_id)
    return codes


def remove(database: Database, parts: Accounts, principal: Principal, password: str | None) -> None:
    """Remove the caller's second factor, and a secret that does not count yet. Raises as `require_proof`."""
    found = require_proof(database, parts, principal, password)
    with database.transaction() as connection:
        user_store.end_totp(connection, found.user_id)
        note(connection, before={"two_factor": found.totp_since is not None}, after={"two_factor": False})
    log.warning("second factor removed", user_id=found.user_id)


def renew_recovery_codes(database: Database, parts: Accounts, principal: Principal, password: str | None) -> list[str]:
    """Replace the caller's recovery codes. Raises TwoFactorOff, and as `require_proof`."""
    found = require_proof(database, parts, principal, password)
    if found.totp_since is None:
        raise TwoFactorOff
    codes = parts.totp.new_recovery_codes()
    with database.transaction() as connection:
        user_store.replace_recovery(connection, found.user_id, [parts.totp.digest_of_recovery(found.user_id, each) for each in codes])
    return codes
