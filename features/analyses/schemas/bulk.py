"""Schemas of the jobs of bulk analyses."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from api.schemas import Answer, UniverseName
from features.analyses.schemas.analysis import IndicatorKey
from features.strategies.schemas import PinnedStrategy, StrategyId
from jobs.schemas import JobAnswer


class BulkParams(Answer):
    """The parameters of the request."""

    universe: UniverseName | None = Field(description="Where the tickers were taken from; null when they were named.")
    strategy: StrategyId
    own_strategy: PinnedStrategy | None = Field(None, description="The strategy as it was at the submission, where it is one of your own.")
    capital: float
    risk_percent: float
    max_position_percent: float | None
    reward_risk: float | None
    weights: dict[str, float] | None
    indicators: list[IndicatorKey] | None
    as_of: date | None
    refresh: bool = Field(description="Whether the prices of each ticker are brought up to date first.")


class BulkJobAnswer(JobAnswer):
    """A job that analyses tickers."""

    kind: Literal["bulk_analysis"]
    params: BulkParams  # type: ignore[assignment]


class RerunAnswer(Answer):
    """The jobs that run superseded results again, one for each strategy; none where there is nothing to run again."""

    items: list[BulkJobAnswer]


class ActiveBulkJobAnswer(BulkJobAnswer):
    """An active job that does the same as the request."""

    deduplicated: Literal[True]
