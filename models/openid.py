"""Sign-in through OpenID providers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

GOOGLE_ISSUER = "https://accounts.google.com"


@dataclass(frozen=True)
class OpenIdClient:
    """This service as a client of a provider: `key` stands in addresses, `name` on the button."""

    key: str
    name: str
    issuer: str
    client_id: str
    client_secret: str


@dataclass(frozen=True)
class Claims:
    """Whom a provider vouches for. Only issuer and subject name somebody; an address may become somebody else's."""

    issuer: str
    subject: str
    email: str | None
    email_verified: bool
    name: str | None


@dataclass(frozen=True)
class Identity:
    """Somebody at a provider who is somebody here."""

    id: str
    issuer: str
    subject: str
    user_id: str
    email: str | None
    created_at: datetime
    used_at: datetime | None
