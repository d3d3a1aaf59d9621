"""Schemas of recent errors."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas import Answer, Query


class ErrorsQuery(Query):
    """How many errors."""

    limit: int = Field(20, ge=1, le=100, description="The most errors, and the most jobs with failed items, to return.")


class RecentErrorAnswer(Answer):
    """An error, counted over ten minutes."""

    kind: Literal["request", "breaker"]
    subject: str = Field(description="The method and route of the request, or the name of the breaker.")
    error: str = Field(description="The class of the exception, or `opened`.")
    occurrences: int
    first_at: datetime
    last_at: datetime
    request_id: str | None = Field(description="The id of the last request, by which the log has its lines.")


class FailedItemsAnswer(Answer):
    """Items of one job that failed with the same code."""

    job_id: str
    kind: str
    code: str
    items: int
    last_at: datetime


class ErrorList(Answer):
    """What failed lately, newest first."""

    errors: list[RecentErrorAnswer]
    failed_items: list[FailedItemsAnswer] = Field(description="Of the newest jobs that have any, of every organization.")
