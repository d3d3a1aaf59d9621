"""How somebody proves who they are: by a password, and by a code where a second factor is set up."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import structlog
from itsdangerous import BadData, URLSafeTimedSerializer

from database import Database
from features.accounts.derived_keys import DerivedKeys
from features.accounts.passwords import Passwords
from features.accounts.store import organization as organization_store
from features.accounts.store import user as user_store
from features.accounts.store.user import Credentials
from features.accounts.totp import Totp
from features.accounts.tries import Tries
from infrastructure.audit import record
from models.account_errors import ChallengeEnded, SecondFactorNeeded, SecondFactorRefused, SecondFactorUnreadable, SignInRefused
from models.audit import Actor, ActorKind
from models.session import Origin
from models.user import email_key
from utils.clock import now

log = structlog.get_logger(__name__)
CHALLENGE_LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True)
class Proof:
    """Somebody who has proved who they are, and whether by two factors."""

    user_id: str
    two_factor: bool
    way: str = "password"


@dataclass(frozen=True)
class Proving:
    """Checks proofs. Thread-safe. Every wrong one counts as a try."""

    database: Database
    passwords: Passwords
    tries: Tries
    totp: Totp
    keys: DerivedKeys

    def by_password(self, email: str, password: str, origin: Origin) -> Proof:
        """The proof of somebody by address and password.

        Raises SignInRefused, which is the same for an unknown address, a wrong password and a disabled account, and takes as long;
        TooManyTries; SignInBusy; and SecondFactorNeeded for somebody with a second factor.
        """
        who = email_key(email)
        self.tries.take(who, origin.address)
        with self.database.reader() as connection:
            found = user_store.credentials_by_email(connection, email)
        is_right = self.passwords.verify(found.password_hash if found else None, password)
        if found is None or not is_right or found.disabled_at is not None:
            log.warning("sign-in refused", address=origin.address, user_id=found.user_id if found else None)
            record_refusal(self.database, "password", found.user_id if found else None)
            raise SignInRefused
        self.tries.succeeded(who, origin.address)
        self._renew_hash(found, password)
        return self.passed(found)

    def passed(self, found: Credentials) -> Proof:
        """The proof of somebody whose first factor was right. Raises SecondFactorNeeded."""
        if found.totp_since is not None:
            raise SecondFactorNeeded(self._challenge(found))
        return Proof(found.user_id, two_factor=False)

    def by_code(self, challenge: str, code: str) -> Proof:
        """The proof of somebody who was asked for a second factor, by a code of the app or a recovery code, each good for one use.

        Raises ChallengeEnded, SecondFactorRefused, SecondFactorUnreadable, TooManyTries.
        """
        user_id, fingerprint = self._read(challenge)
        with self.database.reader() as connection:
            found = user_store.credentials(connection, user_id)
        if found is None or found.disabled_at is not None or found.totp_since is None or _fingerprint(found) != fingerprint:
            raise ChallengeEnded
        way = self.check_code(found, code)
        return Proof(user_id, two_factor=True, way=way)

    def check_code(self, found: Credentials, code: str) -> str:
        """Use a code of the app or a recovery code up, and return which of them it was.

        Raises SecondFactorRefused, TooManyTries, and SecondFactorUnreadable where SECRET_KEY has changed since it was set up.
        """
        # Whoever is here knows the password, so a wait for all addresses locks nobody out whom a stranger could choose.
        who = f"second factor {found.user_id}"
        self.tries.take(who, None)
        way = self._use_up(found, code)
        if way is None:
            is_readable = found.totp_secret is not None and self.totp.unseal(found.totp_secret) is not None
            log.warning("second factor refused", user_id=found.user_id, is_readable=is_readable)
            record_refusal(self.database, "code", found.user_id)
            raise SecondFactorRefused if is_readable else SecondFactorUnreadable
        self.tries.succeeded(who, None)
        return way

    def _use_up(self, found: Credentials, code: str) -> str | None:
        secret = self.totp.unseal(found.totp_secret) if found.totp_secret else None
        step = self.totp.step_of(secret, code, found.totp_step) if secret is not None else None
        with self.database.bookkeeping() as connection:
            if step is not None:
                return "code" if user_store.use_step(connection, found.user_id, step) else None
            digest = self.totp.digest_of_recovery(found.user_id, code)
            return "recovery code" if user_store.use_recovery(connection, found.user_id, digest, now()) else None

    def _renew_hash(self, found: Credentials, password: str) -> None:
        """Hash the password anew where the parameters of new hashes have changed since."""
        if found.password_hash is not None and self.passwords.is_outdated(found.password_hash):
            renewed = self.passwords.hash(password)
            with self.database.bookkeeping() as connection:
                user_store.set_password(connection, found.user_id, renewed, now())

    def _challenge(self, found: Credentials) -> str:
        signed = self._serializer.dumps([found.user_id, _fingerprint(found)])
        return signed if isinstance(signed, str) else signed.decode()

    def _read(self, challenge: str) -> tuple[str, str]:
        try:
            user_id, fingerprint = self._serializer.loads(challenge, max_age=int(CHALLENGE_LIFETIME.total_seconds()))
        except (BadData, ValueError, TypeError) as error:
            raise ChallengeEnded from error
        return user_id, fingerprint

    @cached_property
    def _serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self.keys.challenges, salt="second factor")


def record_refusal(database: Database, way: str, user_id: str | None = None) -> None:
    """Write a refused sign-in into the audit log, with whose it would have been, where that is known. The caller has counted a try."""
    # For nobody the same statements are run, so that the time of the answer tells nothing.
    with database.bookkeeping() as connection:
        org_id = organization_store.find_last_of_user(connection, user_id or "")
        target = None if user_id is None else f"users/{user_id}"
        record(connection, action="sign_in_refused", target=target, actor=Actor(ActorKind.ANYBODY, None, org_id), after={"by": way})


def _fingerprint(found: Credentials) -> str:
    """Changes with the password and the second factor, so that a challenge ends with them."""
    return hashlib.sha256(f"{found.password_hash} {found.totp_secret}".encode()).hexdigest()[:16]
