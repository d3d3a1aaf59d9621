"""A second factor: set up by an app's first code, removed by the present password, or taken away by an operator once it is lost."""

from __future__ import annotations

import structlog

from database import Database
from features.accounts.own_account import require_proof
from features.accounts.service import Accounts
from features.accounts.store import session as session_store
from features.accounts.store import user as user_store
from features.accounts.totp import qr_code, setup_uri
from infrastructure.audit import note
from models.access import Principal
from models.account_errors import NoSecondFactor, OwnAccount, SecondFactorRefused, TwoFactorOff, TwoFactorOn, UserNotFound
from utils.clock import now
from utils.ids import is_id

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


def take_away(parts: Accounts, user_id: str, by: Principal | None = None) -> None:
    """Remove the second factor of somebody who has lost it, with the recovery codes, end all their sign-ins, and tell them by e-mail.

    Without `by`, from the terminal. Raises UserNotFound, OwnAccount, NoSecondFactor.
    """
    if by is not None and by.user_id == user_id:
        raise OwnAccount("Nobody takes their own second factor away like this: POST /api/v1/auth/totp/remove asks for the password.")
    if not is_id(user_id):
        raise UserNotFound
    with parts.database.transaction() as connection:
        user_store.lock(connection, user_id)
        found = user_store.credentials(connection, user_id)
        if found is None:
            raise UserNotFound
        if found.totp_secret is None:
            raise NoSecondFactor
        user_store.end_totp(connection, user_id)
        ended = session_store.end_of_user(connection, user_id, now())
        former = {"two_factor": found.totp_since is not None, "sign_ins": ended}
        note(connection, target=f"users/{user_id}", before=former, after={"two_factor": False, "sign_ins": 0})
    parts.all_sessions.forget()
    parts.mail.send_second_factor_removed(found.email)
    log.warning("second factor taken away", user_id=user_id, by="the command line" if by is None else by.actor_id)


def take_away_of_email(parts: Accounts, email: str) -> None:
    """The same from the terminal, by the address that somebody signs in with. Raises UserNotFound, NoSecondFactor."""
    with parts.database.reader() as connection:
        found = user_store.find_by_email(connection, email)
    if found is None:
        raise UserNotFound("There is no account with this e-mail address.")
    take_away(parts, found.id)


def renew_recovery_codes(database: Database, parts: Accounts, principal: Principal, password: str | None) -> list[str]:
    """Replace the caller's recovery codes. Raises TwoFactorOff, and as `require_proof`."""
    found = require_proof(database, parts, principal, password)
    if found.totp_since is None:
        raise TwoFactorOff
    codes = parts.totp.new_recovery_codes()
    with database.transaction() as connection:
        user_store.replace_recovery(connection, found.user_id, [parts.totp.digest_of_recovery(found.user_id, each) for each in codes])
    return codes
