"""Sessions of browsers."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime

from models.api_key import Principal


@dataclass(frozen=True)
class StoredSession:
    """A session, with the digests of its cookie's token and of the API key that it represents."""

    id: str
    org_id: int
    token_sha256: str
    key_sha256: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class SessionOwner:
    """The owner of an active session; `key_id` is None when no active key has the digest, as for the master key."""

    org_id: int
    key_sha256: str
    key_id: str | None


@dataclass(frozen=True)
class Session:
    """A valid session: its cookie's token and its principal."""

    token: str = field(repr=False)
    principal: Principal

    @property
    def csrf_token(self) -> str:
        """The token that a writing request must send besides the cookie; derived one-way from it, so it is not stored."""
        return hmac.new(self.token.encode(), b"csrf", hashlib.sha256).hexdigest()

    def allows_change(self, sent: str | None) -> bool:
        """Whether a writing request with this CSRF token comes from one of our pages."""
        return sent is not None and hmac.compare_digest(sent.encode(), self.csrf_token.encode())
