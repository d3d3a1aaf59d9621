"""Schemas of performance and of pricing packs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.schemas import CSV, Answer, IsoDate, LongPageQuery, Page, Query, RootAnswer
from models.performance import Performance, PerformanceOrder
from models.period import PERIOD_PATTERN, read_period
from models.pricing_pack import PackedLine, PricingPack
from models.risk import MOST_RATE

SHA256_PATTERN = r"^[0-9a-f]{64}$"


def _period(text: str) -> str:
    return read_period(text).text


Digest = Annotated[str, Field(pattern=SHA256_PATTERN)]


class PerformanceQuery(Query):
    """Which period, and by which prices."""

    period: Annotated[str, AfterValidator(_period)] = Field(
        "max",
        json_schema_extra={"pattern": PERIOD_PATTERN},
        description="A word, or two days as in 2024-01-31..2024-12-31. It starts from the value at the end of its first day, or before it.",
    )
    rate: float = Field(0.0, ge=0, le=MOST_RATE, description="Yearly interest without risk, as a fraction, for the numbers of risk.")
    series: bool = Field(True, description="Add the lines by day.")
    pack: Digest | None = Field(
        None, description="The digest of a pricing pack: the prices and rates of an earlier answer, in place of those that are stored now."
    )
    ledger: int | None = Field(None, ge=1, le=2**53, description="A version of the portfolio: its transactions as they stood then.")

    def order(self) -> PerformanceOrder:
        """The query as an order."""
        return PerformanceOrder(read_period(self.period), self.rate, self.series, self.pack, self.ledger)


class PerformanceAnswer(RootAnswer[Performance]):
    """How a portfolio did: returns, gains and what they came from, risk, and the benchmark, each number with its definition."""

    model_config = ConfigDict(openapi_extra={"content": {CSV: {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]


class PacksQuery(LongPageQuery):
    """A page of pricing packs."""


class PacksPage(Page):
    """A page of pricing packs, the newest day first."""

    items: list[PricingPack]


class PackPath(BaseModel):
    """The day of a pricing pack in a path."""

    day: IsoDate = Field(description="The last day of the values.")


class PackQuery(Query):
    """Which pack of the day."""

    digest: Digest | None = Field(None, description="Its digest; by default the newest of the day.")


class PackAnswer(Answer):
    """A pricing pack and its lines. `digest` is the SHA-256 of the day and of each line's kind, name, digest and last value."""

    digest: str = Field(description="Its digest, in hexadecimal digits.")
    day: date = Field(description="The last day that has prices or transactions.")
    supersedes: str | None = Field(description="The digest of the pack of this day before, whose prices or rates were others.")
    created_at: datetime = Field(description="When it was stored.")
    lines: list[PackedLine] = Field(description="What it is made of, by kind and name.")
