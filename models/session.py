"""Sign-ins of browsers and programs."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime

from models.access import Principal, Role, Scope

LONGEST_USER_AGENT = 200  # characters that are kept


@dataclass(frozen=True)
class Origin:
    """Where a request comes from, as far as TRUSTED_PROXIES are to be believed."""

    address: str | None
    user_agent: str | None


@dataclass(frozen=True)
class NewSession:
    """What begins a session: an API key, by its digest, or a person, who proved it with a second factor or without."""

    org_id: int
    origin: Origin
    key_sha256: str | None = None
    user_id: str | None = None
    two_factor: bool = False


@dataclass(frozen=True)
class StoredSession:
    """A session's row. A browser's has the digest of its cookie's token; a program's has none, its access tokens name the id."""

    id: str
    org_id: int
    token_sha256: str | None
    key_sha256: str | None
    user_id: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    proved_at: datetime | None
    two_factor: bool
    address: str | None
    user_agent: str | None


@dataclass(frozen=True)
class SessionOwner:
    """The owner of an active session; `key_id` is None when no active key has the digest, as for the master key."""

    session_id: str
    org_id: int
    key_sha256: str | None
    key_id: str | None
    key_scopes: frozenset[Scope]
    user_id: str | None
    role: Role | None
    is_operator: bool


@dataclass(frozen=True)
class SessionSummary:
    """A session as its person sees it in a list."""

    id: str
    org_id: int
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    two_factor: bool
    address: str | None
    user_agent: str | None
    is_browser: bool


@dataclass(frozen=True)
class Session:
    """A valid session of a browser: its cookie's token and its principal."""

    token: str = field(repr=False)
    principal: Principal

    @property
    def csrf_token(self) -> str:
        """The token that a writing request must send besides the cookie; derived one-way from it, so it is not stored."""
        return hmac.new(self.token.encode(), b"csrf", hashlib.sha256).hexdigest()

    def allows_change(self, sent: str | None) -> bool:
        """Whether a writing request with this CSRF token comes from one of our pages."""
        return sent is not None and hmac.compare_digest(sent.encode(), self.csrf_token.encode())
