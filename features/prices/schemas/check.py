"""Schemas of comparisons between providers."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from api.schemas import Answer, Page, PageQuery, Ticker


class PriceChecksQuery(PageQuery):
    """Which comparisons, and the page."""

    ticker: Ticker | None = Field(None, description="Only that of this ticker.")
    differing: bool = Field(False, description="Only those that found something.")


class PriceCheckItem(Answer):
    """The newest comparison of a ticker's stored closes of the last 30 days with those of another provider."""

    ticker: str
    provider: str = Field(description="Where the stored prices come from.")
    other: str = Field(description="The provider that they were compared with.")
    checked_at: datetime = Field(description="When.")
    days: int = Field(description="Days that both have.")
    differing: int = Field(description="Days of these whose closes differ by more than 0.5 %.")
    missing: int = Field(description="Days that only one of them has.")
    since_day: date | None = Field(description="The first of all these days: since when they differ; null where none does.")
    worst_day: date | None = Field(description="The day on which the closes differ most; null where none differs.")
    worst_percent: float | None = Field(description="By how much the other's close is off on that day, in percent of the stored one.")
    worst_close: float | None = Field(description="The stored close of that day.")
    worst_other: float | None = Field(description="The other's close of that day.")


class PriceCheckPage(Page):
    """A page of comparisons, by ticker."""

    items: list[PriceCheckItem]
