"""Schemas of the inbox."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from api.schemas import Answer, Body, Page, PageQuery, Ticker
from features.alerts.schemas.rule import AlertKindName


class AlertsQuery(PageQuery):
    """Which alerts."""

    unread: bool | None = Field(None, description="Only the unread ones, or only the others.")
    rule: str | None = Field(None, max_length=100, description="Only those of the rule with this id.")
    ticker: Ticker | None = Field(None, description="Only those of this ticker.")


class AlertPath(BaseModel):
    """The id of an alert in a path."""

    alert_id: str = Field(description="The `id` of an alert.")


class AlertAnswer(Answer):
    """What a rule told."""

    id: str
    rule_id: str = Field(description="The rule, which may have been deleted since.")
    rule_name: str = Field(description="What the rule was called then.")
    on: AlertKindName = Field(description="What the rule watches.")
    fired_by: Literal["condition", "no_data"] = Field(description="`no_data`: there is nothing to watch of the ticker any more.")
    ticker: str | None = Field(description="Null of what is about no ticker.")
    subject: str = Field(description="What it is about: the ticker, else a kind of job or a schedule.")
    day: date = Field(description="The day of the prices that it is about.")
    message: str = Field(description="What happened, in a sentence.")
    data: dict[str, Any] = Field(description="What was and is, with score, record and `link`; `more` has what came on the same day.")
    created_at: datetime
    read_at: datetime | None = Field(description="When it was marked as read; null while it is unread.")
    told_at: datetime | None = Field(description="When it was handed to the channels; null while it waits for the end of a run.")


class AlertPage(Page):
    """A page of alerts, newest first."""

    items: list[AlertAnswer]


class ReadAllRequest(Body):
    """Which unread alerts are marked as read."""

    through: Annotated[str, Field(max_length=100)] | None = Field(None, description="The id of the newest that was seen; null for all.")


class ReadAllAnswer(Answer):
    """How many alerts were marked as read."""

    read: int = Field(description="How many.")


class UnreadAnswer(Answer):
    """How many alerts are unread."""

    unread: int = Field(description="Up to 1,000, which stands for that many or more.")
    newest: str | None = Field(description="The id of the newest of them.")
