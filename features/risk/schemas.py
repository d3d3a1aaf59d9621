"""Schemas of risk."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas import CSV, IsoDate, Query, RootAnswer, Ticker, not_below
from models.risk import MOST_RATE, Risk, RiskOrder


class RiskReportQuery(Query):
    """What the risk is measured against, and over which days."""

    benchmark: Ticker | None = Field(None, description="A ticker to measure against, on the days that both have. It may be an index fund.")
    start: IsoDate | None = Field(None, description="First day of the period.")
    end: Annotated[IsoDate | None, not_below("start")] = Field(None, description="Last day of the period.")
    rate: float = Field(0.0, ge=0, le=MOST_RATE, description="Yearly interest without risk, as a fraction: 0.03 is 3 %.")

    def order(self, ticker: str) -> RiskOrder:
        """The query as an order for a ticker."""
        return RiskOrder(ticker, self.benchmark, self.start, self.end, self.rate)


class RiskQuery(RiskReportQuery):
    """The same, and how much of it is told."""

    series: bool = Field(False, description="Add the lines by day: value, drawdown and rolling volatility.")


class RiskAnswer(RootAnswer[Risk]):
    """What holding a ticker was like: numbers with their definitions, falls, and months."""

    model_config = ConfigDict(openapi_extra={"content": {CSV: {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]
