"""Sessions of browsers: a signed cookie that stands for an API key.

The cookie holds the key's digest, never the key, and the token that every change must bring. It is good as long as the key is: a key that
was revoked, or a master key that was changed, ends its sessions.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeTimedSerializer

from services.api_key import digest_of

COOKIE = "bellwether_session"
DAYS = 7
SECONDS = DAYS * 86_400


@dataclass(frozen=True)
class Session:
    """Whose session it is, by the digest of the key, and the token that its changes bring."""

    key_digest: str
    csrf_token: str

    def allows_change(self, given: str | None) -> bool:
        """Whether a change that brings this token comes from one of our pages."""
        return given is not None and hmac.compare_digest(given.encode(), self.csrf_token.encode())


class SessionSigner:
    """Makes and reads cookies, with the service's secret, which is read at the first use."""

    def __init__(self, secret_key: Callable[[], str]) -> None:
        self._read_secret_key = secret_key
        self._serializer: URLSafeTimedSerializer | None = None

    def begin(self, key: str) -> str:
        """The cookie of a new session for a key that is known to be good."""
        signed = self._signer().dumps([digest_of(key), secrets.token_urlsafe(24)])
        return signed if isinstance(signed, str) else signed.decode()

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie; None for one that we did not make, or made too long ago."""
        try:
            digest, token = self._signer().loads(cookie, max_age=SECONDS)
        except (BadData, ValueError, TypeError):
            return None
        return Session(str(digest), str(token))

    def _signer(self) -> URLSafeTimedSerializer:
        if self._serializer is None:
            self._serializer = URLSafeTimedSerializer(self._read_secret_key(), salt="session")
        return self._serializer
