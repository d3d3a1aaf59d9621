"""Parts of features that can be switched off while the service runs, for the whole installation or for an organization."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True)
class Flag:
    """What can be switched off; a person reads the description before switching it.

    One that is not `per_organization` is of what all organizations share, and is switched for the whole installation alone.
    """

    name: str
    description: str
    per_organization: bool = True


@dataclass(frozen=True)
class FeatureFlag:
    """A flag, whether it is on, and who changed that last; `changed_at` and `changed_by` are null for one that was never changed."""

    name: str
    enabled: bool
    description: str
    reason: str | None = None
    changed_at: datetime | None = None
    changed_by: str | None = None


@dataclass(frozen=True)
class FlagChange:
    """One change of a flag."""

    id: str
    name: str
    enabled: bool
    reason: str | None
    changed_at: datetime
    changed_by: str


class OffBy(StrEnum):
    """Who has switched something off for an organization."""

    INSTALLATION = "installation"  # for everybody
    OPERATOR = "operator"  # for this organization; its administrators cannot switch it on
    ORGANIZATION = "organization"  # its own administrators


@dataclass(frozen=True)
class OrganizationFlag:
    """A flag as it is for an organization, who has switched it off, and the last change that decides.

    `changed_by` is null for what was never changed, and for the changes of operators. `changed_by_name` is only in answers.
    """

    name: str
    enabled: bool
    description: str
    off_by: OffBy | None = None
    reason: str | None = None
    changed_at: datetime | None = None
    changed_by: str | None = None
    changed_by_name: str | None = None


@dataclass(frozen=True)
class OrganizationFlagChange:
    """One change of a flag for an organization."""

    id: str
    org_id: int
    name: str
    enabled: bool
    reason: str | None
    changed_at: datetime
    changed_by: str
    by_operator: bool
