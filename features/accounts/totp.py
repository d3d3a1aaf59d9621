"""Codes of authenticator apps (RFC 6238), each taken once, and recovery codes for whoever has lost the device."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING

from features.accounts.derived_keys import DerivedKeys

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

STEP_SECONDS = 30
DIGITS = 6
TOLERANCE = 1  # steps before and after the present one, for clocks that go wrong
NAME = "Bellwether"
RECOVERY_CODES = 10
RECOVERY_GROUPS, GROUP_LETTERS = 2, 5
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # 32, so 5 bits each: 50 bits a code; without those that look alike


class Totp:
    """Makes secrets and checks codes. `clock` is in seconds since the epoch."""

    def __init__(self, keys: DerivedKeys, clock: Callable[[], float] = time.time) -> None:
        self._keys, self._clock = keys, clock

    @staticmethod
    def new_secret() -> str:
        """A new secret of 160 bits, in base32 as apps take it."""
        return base64.b32encode(secrets.token_bytes(20)).decode()

    def seal(self, secret: str) -> str:
        """A secret as it is stored: encrypted."""
        return self._fernet.encrypt(secret.encode()).decode()

    def unseal(self, sealed: str) -> str | None:
        """The secret that was sealed; None where SECRET_KEY has changed since."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 — imported by the first code

        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def step_of(self, secret: str, code: str, last_step: int | None) -> int | None:
        """The step whose code it is, among the present one and its neighbours; None for another code, and for one up to `last_step`."""
        from pyotp import TOTP  # noqa: PLC0415 — imported by the first code

        generator, present = TOTP(secret, digits=DIGITS, interval=STEP_SECONDS), int(self._clock()) // STEP_SECONDS
        digits = "".join(code.split())
        found = None
        for step in range(present - TOLERANCE, present + TOLERANCE + 1):
            # Every step is compared, so that the time tells nothing.
            is_this = hmac.compare_digest(generator.generate_otp(step).encode(), digits.encode("utf-8", "replace"))
            if is_this and (last_step is None or step > last_step):
                found = step
        return found

    def new_recovery_codes(self) -> list[str]:
        """New recovery codes, in groups as people copy them."""

        def group() -> str:
            return "".join(secrets.choice(LETTERS) for _ in range(GROUP_LETTERS))

        return ["-".join(group() for _ in range(RECOVERY_GROUPS)) for _ in range(RECOVERY_CODES)]

    def digest_of_recovery(self, user_id: str, code: str) -> str:
        """A recovery code as it is stored: a digest with a key, whatever its blanks, dashes and capitals."""
        letters = "".join(letter for letter in code.casefold() if letter in LETTERS)
        return hmac.new(self._keys.recovery_codes, f"{user_id} {letters}".encode(), hashlib.sha256).hexdigest()

    @cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet  # noqa: PLC0415 — imported by the first code

        return Fernet(base64.urlsafe_b64encode(self._keys.totp_secrets))


def setup_uri(secret: str, email: str) -> str:
    """The address that an authenticator app takes, as in its QR code."""
    from pyotp import TOTP  # noqa: PLC0415 — imported by the first code

    return TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(name=email, issuer_name=NAME)


def qr_code(uri: str) -> str:
    """A QR code as an SVG picture of its own size."""
    import segno  # noqa: PLC0415 — imported by the first code

    out = BytesIO()
    segno.make(uri, error="m").save(out, kind="svg", scale=4, border=4, xmldecl=False, svgns=True, light="#fff")
    return out.getvalue().decode()
