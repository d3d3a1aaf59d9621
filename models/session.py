"""Sessions of browsers."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime

from models.api_key import Principal


@dataclass(frozen=True)
class StoredSession:
    """A session: the digest of its cookie's token, and the digest of the key that it stands for."""

    id: str
    org_id: int
    token_sha256: str
    key_sha256: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class SessionOwner:
    """Whose an active session is; `key_id` is None when no active key has the digest, as it is with the master key."""

    org_id: int
    key_sha256: str
    key_id: str | None


@dataclass(frozen=True)
class Session:
    """A session that is good: its cookie's token, and whom it acts for."""

    token: str = field(repr=False)
    principal: Principal

    @property
    def csrf_token(self) -> str:
        """What a change must bring besides the cookie. Derived, so that it needs no storing, and one-way: pages show it."""
        return hmac.new(self.token.encode(), b"csrf", hashlib.sha256).hexdigest()

    def allows_change(self, sent: str | None) -> bool:
        """Whether a change that brings this token comes from one of our pages."""
        return sent is not None and hmac.compare_digest(sent.encode(), self.csrf_token.encode())
