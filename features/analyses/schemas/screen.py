"""Schemas of saved screens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from api.schemas import PLAIN_TEXT, Answer, Body, Page
from features.analyses.schemas.result import ResultsFilterQuery

# Without spaces at its ends: two names that look alike would be two screens.
ScreenName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=PLAIN_TEXT)]


class ScreenPath(BaseModel):
    """The id of a screen in a path."""

    screen_id: str = Field(description="The id of a saved screen.")


class NewScreenRequest(Body):
    """A screen to save."""

    name: ScreenName = Field(description="Unique within the organization.")
    query: ResultsFilterQuery = Field(description="What `GET /results` takes, without `limit` and `cursor`.")


class ScreenChangeRequest(Body):
    """Changes to a saved screen; what is left out stays."""

    name: ScreenName | None = Field(None, description="Unique within the organization.")
    query: ResultsFilterQuery | None = Field(None, description="Replaces the whole query.")


class SavedScreen(Answer):
    """A saved screen. Open it on the dashboard at `/screener?screen=` and its id."""

    id: str
    name: str
    query: ResultsFilterQuery = Field(description="What it was saved with, as far as that differs from the defaults.")
    created_at: datetime
    updated_at: datetime


class ScreenPage(Page):
    """All saved screens, by name; `next_cursor` is always null."""

    items: list[SavedScreen]
