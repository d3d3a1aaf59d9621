"""API keys and the organizations they act for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.access import KEY_SCOPES, Scope

SHARED_ORG = 0  # owns bundled prices and those of providers
FIRST_ORG = 1  # the master key acts for it
MASTER = "master"  # the id of the master key
LONGEST_NAME = 100  # characters


@dataclass(frozen=True)
class ApiKey:
    """A stored key, without the key itself, which only its holder knows."""

    id: str
    org_id: int
    name: str
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None = None  # up to a minute before its last use
    user_id: str | None = None  # whose it is; a key that was made with the master key is nobody's
    scopes: frozenset[Scope] = KEY_SCOPES
    expires_at: datetime | None = None


@dataclass(frozen=True)
class KeyRights:
    """What a new key may do, until when, and whose it is."""

    scopes: frozenset[Scope] = KEY_SCOPES
    expires_at: datetime | None = None
    user_id: str | None = None


def normalize_key_name(name: str) -> str:
    """A key's name with its blanks reduced to single ones. Raises ValueError for one that is blank, too long or not printable."""
    normalized = " ".join(name.split())
    if not normalized:
        raise ValueError("a key needs a name that says what it is for")
    if len(normalized) > LONGEST_NAME:
        raise ValueError(f"a name has at most {LONGEST_NAME} characters")
    if not normalized.isprintable():
        raise ValueError("a name consists of printable characters")
    return normalized
