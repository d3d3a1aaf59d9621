"""Organizations and who is a member of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.access import Role

LONGEST_ORGANIZATION_NAME = 100  # characters
MOST_MEMBERSHIPS = 50  # of one person
MOST_INVITATIONS = 200  # open at once, of one organization


@dataclass(frozen=True)
class Organization:
    """An organization: a family or a team that sees its own, and only that."""

    id: int
    name: str
    created_at: datetime


@dataclass(frozen=True)
class Member:
    """Somebody in an organization."""

    user_id: str
    name: str
    email: str
    role: Role
    joined_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True)
class MemberFate:
    """A member of an organization that would be removed, and whether they are a member of another one as well."""

    user_id: str
    name: str
    is_elsewhere: bool


def normalize_organization_name(text: str) -> str:
    """An organization's name with its blanks reduced to single ones. Raises ValueError for one that is blank, too long or not printable."""
    name = " ".join(text.split())
    if not name:
        raise ValueError("say what the organization is called")
    if len(name) > LONGEST_ORGANIZATION_NAME:
        raise ValueError(f"a name has at most {LONGEST_ORGANIZATION_NAME} characters")
    if not name.isprintable():
        raise ValueError("a name consists of printable characters")
    return name
