"""Schemas of feature flags."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from api.schemas import PLAIN_TEXT, Answer, Body, OrganizationPath
from models.feature_flag import FeatureFlag, FlagChange, OrganizationFlag


class FlagChangeRequest(Body):
    """Switch a feature on or off."""

    enabled: bool
    reason: str | None = Field(None, max_length=200, pattern=PLAIN_TEXT, description="Why; callers of a feature that is off read it.")


class FlagPath(BaseModel):
    """The name of a flag in a path."""

    name: str = Field(description="The name of a flag; `GET /admin/flags` lists them.")


class FlagList(Answer):
    """Every flag."""

    items: list[FeatureFlag]


class FlagAnswer(Answer):
    """A flag and its newest changes."""

    flag: FeatureFlag
    changes: list[FlagChange]


class OrganizationFlagPath(OrganizationPath, FlagPath):
    """A flag of an organization in a path."""


class OrganizationFlagList(Answer):
    """Every flag that can be switched for an organization."""

    items: list[OrganizationFlag]


class OrganizationFlagChangeAnswer(Answer):
    """One change of a flag for an organization."""

    id: str
    enabled: bool
    reason: str | None = Field(description="Why.")
    changed_at: datetime
    changed_by: str | None = Field(description="Who did it: the id of a person or of a key. Members do not see it of operators.")
    changed_by_name: str | None = Field(
        description="What they are called now; of whoever is gone, that they are. Null where `changed_by` is."
    )
    by_operator: bool = Field(description="Whether an operator of the installation did it.")


class OrganizationFlagAnswer(Answer):
    """A flag of an organization and its newest changes."""

    flag: OrganizationFlag
    changes: list[OrganizationFlagChangeAnswer] = Field(description="Its newest changes, newest first, at most 20.")
