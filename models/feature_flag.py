"""Parts of features that can be switched off while the service runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Flag:
    """What can be switched off; a person reads the description before switching it."""

    name: str
    description: str


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
