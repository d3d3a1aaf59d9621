"""Schemas of feature flags."""

from __future__ import annotations

from pydantic import BaseModel, Field

from api.schemas import PLAIN_TEXT, Answer, Body
from models.feature_flag import FeatureFlag, FlagChange


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
