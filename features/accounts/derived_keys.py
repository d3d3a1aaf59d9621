"""Keys derived from SECRET_KEY, one for each purpose, so that what one of them signs or seals is nothing to another."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import cached_property


class DerivedKeys:
    """The keys. SECRET_KEY is read at the first use; all of them change with it."""

    def __init__(self, read_secret_key: Callable[[], str]) -> None:
        self._read_secret_key = read_secret_key

    @cached_property
    def access_tokens(self) -> bytes:
        """Signs access tokens."""
        return self._derive("access tokens")

    @cached_property
    def challenges(self) -> bytes:
        """Signs what is sent back between the steps of a sign-in."""
        return self._derive("challenges")

    @cached_property
    def totp_secrets(self) -> bytes:
        """Seals the secrets of authenticator apps."""
        return self._derive("totp secrets")

    @cached_property
    def recovery_codes(self) -> bytes:
        """Digests recovery codes, which are too short for a digest without a key."""
        return self._derive("recovery codes")

    def _derive(self, purpose: str) -> bytes:
        return hmac.new(self._read_secret_key().encode(), f"bellwether {purpose}".encode(), hashlib.sha256).digest()
