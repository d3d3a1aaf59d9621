"""Schemas of risk."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo

from api.schemas import CSV, IsoDate, LineReference, Query, RootAnswer, not_below
from models.risk import MOST_RATE, PERIODS, Risk, RiskOrder


def _alone(period: str | None, known: ValidationInfo) -> str | None:
    if period is not None and (known.data.get("start") or known.data.get("end")):
        raise ValueError("give either a period, or its first and last day")
    return period


class RiskReportQuery(Query):
    """What the risk is measured against, and over which days."""

    benchmark: LineReference | None = Field(
        None, description="A ticker, or the id of a portfolio or an index, to measure against on the days that both have."
    )
    start: IsoDate | None = Field(None, description="First day of the period.")
    end: Annotated[IsoDate | None, not_below("start")] = Field(None, description="Last day of the period.")
    rate: float = Field(0.0, ge=0, le=MOST_RATE, description="Yearly interest without risk, as a fraction: 0.03 is 3 %.")

    period: Annotated[Literal[PERIODS] | None, AfterValidator(_alone)] = Field(  # type: ignore[valid-type]
        None, description="In place of `start` and `end`: the time up to the newest value."
    )

    def order(self, reference: str) -> RiskOrder:
        """The query as an order for a ticker, or for the id of a portfolio or an index."""
        return RiskOrder(reference, self.benchmark, self.start, self.end, self.rate, self.period)


class RiskQuery(RiskReportQuery):
    """The same, and how much of it is told."""

    series: bool = Field(
        False, description="Add the lines by day: value, drawdown, and of the quarter up to each day volatility, beta and correlation."
    )


class RiskAnswer(RootAnswer[Risk]):
    """What holding something was like: numbers with their definitions, falls, and months."""

    model_config = ConfigDict(openapi_extra={"content": {CSV: {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]
