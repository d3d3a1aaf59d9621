"""Passkeys: what an authenticator signs people in with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

LONGEST_PASSKEY_NAME = 100  # characters
MOST_PASSKEYS = 20  # of a person


@dataclass(frozen=True)
class Passkey:
    """A passkey as its person sees it. `backed_up` is true for one that is kept by a service, so that other devices have it, too."""

    id: str
    name: str
    transports: tuple[str, ...]
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None = None


@dataclass(frozen=True)
class Credential:
    """What an authenticator has made: its id and its public key in base64url, and how often it had signed."""

    credential_id: str
    public_key: str
    sign_count: int


@dataclass(frozen=True)
class StoredPasskey:
    """A passkey with whose it is, and what it is checked by."""

    passkey: Passkey
    user_id: str
    credential: Credential


def normalize_passkey_name(text: str) -> str:
    """A passkey's name with its blanks reduced to single ones. Raises ValueError for one that is blank, too long or not printable."""
    name = " ".join(text.split())
    if not name:
        raise ValueError("a passkey needs a name, such as that of the device")
    if len(name) > LONGEST_PASSKEY_NAME:
        raise ValueError(f"a name has at most {LONGEST_PASSKEY_NAME} characters")
    if not name.isprintable():
        raise ValueError("a name consists of printable characters")
    return name
