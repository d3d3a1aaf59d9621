"""Schemas of the jobs that refresh prices."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from api.schemas import Answer, Body, Ticker, UniverseName
from jobs.schemas import JobAnswer
from models.series_fetch import RefreshOrder

MOST_TICKERS = 50_000


class RefreshRequest(Body):
    """The tickers whose prices are to be brought up to date: a list or a universe."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"required": ["tickers"], "properties": {"tickers": {"type": "array"}}},
            "then": {"properties": {"universe": {"type": "null"}}},
            "else": {"required": ["universe"], "properties": {"universe": {"type": "string"}}},
        }
    )

    tickers: Annotated[list[Ticker], Field(min_length=1, max_length=MOST_TICKERS)] | None = Field(
        None, description="Each is fetched once, however often it is named. A ticker without prices gets its whole history."
    )
    universe: UniverseName | None = Field(
        None, description="In place of `tickers`: `all` that have prices, the `watchlist`, or one of `GET /universes`."
    )
    force: bool = Field(False, description="Ask even where nothing newer can be expected.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.tickers is None) == (self.universe is None):
            raise ValueError("give either tickers or a universe")
        return self

    def order(self) -> RefreshOrder:
        """The request as an order to the service."""
        return RefreshOrder(tuple(dict.fromkeys(self.tickers or ())), self.universe, self.force)


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
