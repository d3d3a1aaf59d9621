"""What the removal of an organization or of an account would do, and what it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.organization import MemberFate
from models.user import Membership

EXPORT_GOOD_FOR = timedelta(hours=24)  # a removal needs an export that is no older
MOST_FATES = 100  # members that are named


def is_export_needed(exported_at: datetime | None, moment: datetime) -> bool:
    """Whether everything has to be exported before a removal, the last export having been at a moment, or never."""
    return exported_at is None or exported_at < moment - EXPORT_GOOD_FOR


@dataclass(frozen=True)
class RemovalOrder:
    """A removal as somebody confirms it: the name or the address that they typed, and the present password."""

    confirm: str
    password: str | None


@dataclass(frozen=True)
class OrganizationRemoval:
    """What becomes of an organization and its members; the first of them by name. The first organization stays."""

    id: int
    name: str
    members: int
    fates: Sequence[MemberFate]
    stays: bool
    exported_at: datetime | None


@dataclass(frozen=True)
class AccountRemoval:
    """What becomes of what a person is a member of.

    `removed` are organizations that have nobody else; `left` keep what the person made there. Of `unguarded` they are the last
    administrator. Those and being the last operator stand in the way.
    """

    email: str
    removed: Sequence[Membership]
    left: Sequence[Membership]
    unguarded: Sequence[Membership]
    is_last_operator: bool
    exported_at: datetime | None
