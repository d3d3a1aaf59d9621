"""Links that are good for one use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.access import Role


class Purpose(StrEnum):
    """What a link is for."""

    RESET = "password"
    INVITATION = "invitation"


@dataclass(frozen=True)
class Link:
    """A link. One for a password is for somebody; an invitation is to an organization, in a role, for an address."""

    id: str
    purpose: Purpose
    created_at: datetime
    expires_at: datetime
    created_by: str | None = None
    user_id: str | None = None
    org_id: int | None = None
    role: Role | None = None
    email: str | None = None
