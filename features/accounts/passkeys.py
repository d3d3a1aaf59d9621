"""Passkeys (WebAuthn): made for a person, and signed in by. One whose device has checked its user counts as two factors.

Whoever signs in says nothing first: the device offers its passkeys for this host, so that nobody learns who has an account.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from database import Database
from features.accounts.challenges import Challenges, MadeChallenge
from features.accounts.proof import Proof, record_refusal
from features.accounts.relying_party import RelyingParty
from features.accounts.store import passkey as passkey_store
from features.accounts.store import user as user_store
from features.accounts.store.user import Credentials
from features.accounts.tries import Tries
from infrastructure.audit import note
from models.account_errors import ChallengeEnded, PasskeyRefused, PasskeysOff, PasskeyTaken, PasskeyUnfit, TooManyPasskeys
from models.passkey import MOST_PASSKEYS, Credential, Passkey, StoredPasskey
from models.session import Origin
from utils.clock import now
from utils.ids import new_id

log = structlog.get_logger(__name__)

Checked = TypeVar("Checked")
NAME = "Bellwether"
SIGN_IN = "sign in"
TIMEOUT = 300_000  # milliseconds that a browser waits for its user
LONGEST_ID, LONGEST_KEY = 1_400, 4_000  # characters in base64url
LONGEST_REASON = 200  # characters, in logs


@dataclass(frozen=True)
class Begun:
    """What a browser asks its authenticator, and the token that the answer is sent with."""

    challenge: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Answered:
    """What an authenticator has answered, as PublicKeyCredential.toJSON() has it, with the token of its challenge."""

    challenge: str
    credential: Mapping[str, Any]


@dataclass(frozen=True)
class Passkeys:
    """Makes passkeys and checks sign-ins by them. Thread-safe. `party` is None where they are off."""

    database: Database
    tries: Tries
    challenges: Challenges
    party: RelyingParty | None

    def creation_options(self, found: Credentials) -> Begun:
        """What to ask for a new passkey of somebody who has proved who they are. Raises PasskeysOff, TooManyPasskeys."""
        from webauthn import generate_registration_options  # noqa: PLC0415 — imported by the first passkey
        from webauthn.helpers import base64url_to_bytes, structs  # noqa: PLC0415

        party = self._needed()
        with self.database.reader() as connection:
            present = passkey_store.list_of_user(connection, found.user_id, MOST_PASSKEYS)
        if len(present) >= MOST_PASSKEYS:
            raise TooManyPasskeys
        made = self.challenges.make(_creation_by(found.user_id))
        options = generate_registration_options(
            rp_id=party.id,
            rp_name=NAME,
            user_id=found.user_id.encode(),
            user_name=found.email,
            user_display_name=found.name,
            challenge=made.value,
            timeout=TIMEOUT,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[
                structs.PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.credential.credential_id)) for each in present
            ],
        )
        return _begun(made, options)

    def register(self, user_id: str, answered: Answered, name: str) -> Passkey:
        """Store a new passkey of somebody. Raises PasskeysOff, PasskeyUnfit, PasskeyTaken, TooManyPasskeys."""
        from webauthn import verify_registration_response  # noqa: PLC0415 — imported by the first passkey
        from webauthn.helpers import bytes_to_base64url  # noqa: PLC0415

        party = self._needed()
        try:
            value = self.challenges.use(_creation_by(user_id), answered.challenge)
        except ChallengeEnded as error:
            raise PasskeyUnfit from error
        verified = _checked(
            lambda: verify_registration_response(
                credential=dict(answered.credential),
                expected_challenge=value,
                expected_rp_id=party.id,
                expected_origin=party.origin,
                require_user_verification=True,
            ),
            PasskeyUnfit,
        )
        made = Credential(
            bytes_to_base64url(verified.credential_id), bytes_to_base64url(verified.credential_public_key), verified.sign_count
        )
        # The id in the signed data is the passkey's; the one beside it is only what the browser says.
        if made.credential_id != answered.credential["id"] or len(made.credential_id) > LONGEST_ID or len(made.public_key) > LONGEST_KEY:
            raise PasskeyUnfit
        transports = tuple(sorted(set(answered.credential["response"].get("transports") or ())))
        passkey = Passkey(new_id(), name, transports, verified.credential_backed_up, now())
        with self.database.transaction() as connection:
            user_store.lock(connection, user_id)
            if passkey_store.count_of_user(connection, user_id) >= MOST_PASSKEYS:
                raise TooManyPasskeys
            if not passkey_store.insert(connection, StoredPasskey(passkey, user_id, made)):
                raise PasskeyTaken
            note(connection, target=f"passkeys/{passkey.id}", after={"name": name, "backed_up": passkey.backed_up})
        log.warning("passkey added", user_id=user_id, passkey_id=passkey.id)
        return passkey

    def request_options(self) -> Begun:
        """What to ask for a sign-in: any passkey for this host. Raises PasskeysOff."""
        from webauthn import generate_authentication_options  # noqa: PLC0415 — imported by the first sign-in
        from webauthn.helpers.structs import UserVerificationRequirement  # noqa: PLC0415

        party = self._needed()
        made = self.challenges.make(SIGN_IN)
        required = UserVerificationRequirement.REQUIRED
        return _begun(
            made, generate_authentication_options(rp_id=party.id, challenge=made.value, timeout=TIMEOUT, user_verification=required)
        )

    def prove(self, answered: Answered, origin: Origin) -> Proof:
        """The proof of somebody by a passkey, which counts as two factors. Raises PasskeysOff, PasskeyRefused, TooManyTries.

        The refusal is one for all reasons; which it was is in the log, and that there was one in the audit log.
        """
        party = self._needed()
        who = f"passkey {answered.credential['id']}"
        self.tries.take(who, origin.address)
        with self.database.reader() as connection:
            stored = passkey_store.find_by_credential(connection, answered.credential["id"])
        try:
            proof = self._proof(answered, stored, party, origin)
        except PasskeyRefused:
            record_refusal(self.database, "passkey", None if stored is None else stored.user_id)
            raise
        self.tries.succeeded(who, origin.address)
        return proof

    def _proof(self, answered: Answered, stored: StoredPasskey | None, party: RelyingParty, origin: Origin) -> Proof:
        try:
            value = self.challenges.use(SIGN_IN, answered.challenge)
        except ChallengeEnded as error:
            raise _refusal("the challenge has ended", origin) from error
        owned = self._owned(answered, stored, origin)
        verified = _checked(lambda: _verified_sign_in(answered, value, party, owned.credential), PasskeyRefused)
        with self.database.bookkeeping() as connection:
            # Of two sign-ins with one count, one is a copy's.
            is_newer = passkey_store.use(
                connection, owned.passkey.id, verified.new_sign_count, now(), backed_up=verified.credential_backed_up
            )
        if not is_newer:
            raise _refusal("the counter has not gone on", origin)
        return Proof(owned.user_id, two_factor=True, way="passkey")

    def _owned(self, answered: Answered, stored: StoredPasskey | None, origin: Origin) -> StoredPasskey:
        """The passkey of an answer, of somebody who may sign in, and whom the authenticator names."""
        with self.database.reader() as connection:
            found = None if stored is None else user_store.credentials(connection, stored.user_id)
        if stored is None or found is None:
            raise _refusal("the passkey is unknown", origin)
        if found.disabled_at is not None:
            raise _refusal("the account is disabled", origin)
        if answered.credential["response"].get("userHandle") != _handle_of(stored.user_id):
            raise _refusal("the passkey names somebody else", origin)
        return stored

    def _needed(self) -> RelyingParty:
        if self.party is None:
            raise PasskeysOff
        return self.party


def _verified_sign_in(answered: Answered, value: bytes, party: RelyingParty, credential: Credential) -> Any:
    from webauthn import verify_authentication_response  # noqa: PLC0415 — imported by the first sign-in
    from webauthn.helpers import base64url_to_bytes  # noqa: PLC0415

    return verify_authentication_response(
        credential=dict(answered.credential),
        expected_challenge=value,
        expected_rp_id=party.id,
        expected_origin=party.origin,
        credential_public_key=base64url_to_bytes(credential.public_key),
        credential_current_sign_count=credential.sign_count,
        require_user_verification=True,
    )


def _begun(made: MadeChallenge, options: Any) -> Begun:
    from webauthn.helpers import options_to_json_dict  # noqa: PLC0415 — imported by the first passkey

    return Begun(made.token, options_to_json_dict(options))


def _creation_by(user_id: str) -> str:
    return f"passkey of {user_id}"


def _handle_of(user_id: str) -> str:
    return base64.urlsafe_b64encode(user_id.encode()).rstrip(b"=").decode()


def _checked(check: Callable[[], Checked], refusal: type[PasskeyRefused | PasskeyUnfit]) -> Checked:
    try:
        return check()
    except Exception as error:
        log.warning("passkey refused", reason=str(error)[:LONGEST_REASON])
        raise refusal from error


def _refusal(reason: str, origin: Origin) -> PasskeyRefused:
    log.warning("passkey refused", reason=reason, address=origin.address)
    return PasskeyRefused()
