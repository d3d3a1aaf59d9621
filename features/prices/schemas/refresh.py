"""Schemas of the jobs that refresh prices."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas import Answer, SomeTickers, UniverseName
from jobs.schemas import JobAnswer
from models.series_fetch import RefreshOrder


class RefreshRequest(SomeTickers):
    """The tickers whose prices are to be brought up to date: a list or a universe. One without prices gets its whole history."""

    force: bool = Field(False, description="Ask even where nothing newer can be expected.")

    def order(self) -> RefreshOrder:
        """The request as an order to the service."""
        return RefreshOrder(self.named(), self.universe, self.force)


class RefreshParams(Answer):
    """The parameters of the request."""

    universe: UniverseName | None = Field(description="Where the tickers were taken from; null when they were named.")
    force: bool = Field(description="Whether providers are asked even where nothing newer can be expected.")
    expected_at: datetime = Field(
        description="When the provider's limits should have let all through, as they stood when the job was queued; `waiting` is newer."
    )


class RefreshJobAnswer(JobAnswer):
    """A job that refreshes prices."""

    kind: Literal["price_refresh"]
    params: RefreshParams  # type: ignore[assignment]


class ActiveRefreshJobAnswer(RefreshJobAnswer):
    """An active job for the same tickers."""

    deduplicated: Literal[True]
