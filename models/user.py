"""People with an account, and what they are members of."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from models.access import Role

LONGEST_EMAIL, LONGEST_USER_NAME = 254, 100  # characters
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 1_000  # characters


@dataclass(frozen=True)
class User:
    """A person with an account. `has_password` is false for whoever signs in by a provider or a passkey alone."""

    id: str
    email: str
    name: str
    has_password: bool
    two_factor: bool
    is_operator: bool
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True)
class Membership:
    """What a person is in one organization."""

    org_id: int
    name: str
    role: Role


def normalize_email(text: str) -> str:
    """An e-mail address without blanks around it, in one form of Unicode. Raises ValueError for one that nothing could be sent to."""
    email = unicodedata.normalize("NFC", text.strip())
    local, at, host = email.rpartition("@")
    if not at or not local or not host or "@" in local or any(letter.isspace() or not letter.isprintable() for letter in email):
        raise ValueError("an e-mail address is written as in maria@example.com")
    if len(email) > LONGEST_EMAIL:
        raise ValueError(f"an e-mail address has at most {LONGEST_EMAIL} characters")
    return email


def email_key(email: str) -> str:
    """An e-mail address as it is compared: two that differ by capitals alone are one."""
    return unicodedata.normalize("NFC", email.casefold())


def normalize_user_name(text: str) -> str:
    """A person's name with its blanks reduced to single ones. Raises ValueError for one that is blank, too long or not printable."""
    name = " ".join(text.split())
    if not name:
        raise ValueError("say what you are called")
    if len(name) > LONGEST_USER_NAME:
        raise ValueError(f"a name has at most {LONGEST_USER_NAME} characters")
    if not name.isprintable():
        raise ValueError("a name consists of printable characters")
    return name
