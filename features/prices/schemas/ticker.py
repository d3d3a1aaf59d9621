"""Schemas of tickers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, field_validator
from typing_extensions import TypeAliasType

from api.schemas import PLAIN_TEXT, Answer, Body, LongPageQuery, Page
from models.freshness import Freshness
from models.provider import PROVIDERS


class TickersQuery(LongPageQuery):
    """The filter of tickers, and the page."""

    q: str = Field("", max_length=100, pattern=PLAIN_TEXT, description="Start of the ticker or part of the name, in any case.")
    stored: bool = Field(False, description="Only tickers with stored prices.")
    ask: bool = Field(
        True,
        description="Where nothing stored fits, ask a provider: that takes a call of its budget, and the answer is kept for a day.",
    )


class KnownTicker(Answer):
    """A ticker, and what is known of it."""

    ticker: str
    name: str | None
    exchange: str | None = Field(description="Its market identifier code where it is known, else the source's own name; or null.")
    currency: str | None = Field(description="The currency of its prices; null where it is not known.")
    type: str | None = Field(description="What it is, such as `stock` or `etf`, in the source's word; null where it is not known.")
    sector: str | None = Field(description="The sector of the company; null where it is not known.")
    stored: bool = Field(description="Whether it has stored prices.")


class TickerItem(KnownTicker):
    """A ticker, what is known of it, and the extent of its stored prices."""

    bars: int = Field(description="The number of bars; 0 where none are stored.")
    first: date | None = Field(description="The day of the oldest bar; null where none are stored.")
    last: date | None = Field(description="The day of the newest bar; null where none are stored.")
    provider: str | None = Field(description="Where the stored prices come from; null where there are none.")
    freshness: Freshness


class TickerPage(Page):
    """A page of tickers, by ticker; without stored ones, the likeliest first."""

    items: list[TickerItem]


ProviderName = TypeAliasType("ProviderName", Literal["tiingo", "twelvedata", "yahoo", "csv_url"])


class TickerProvidersRequest(Body):
    """The providers that a ticker's prices are to be asked of."""

    providers: Annotated[list[ProviderName], Field(max_length=len(PROVIDERS))] = Field(
        description="In the order to try; with none, that of PRICE_PROVIDERS. One that is not configured is passed over.",
        json_schema_extra={"uniqueItems": True},
    )

    @field_validator("providers")
    @classmethod
    def _each_once(cls, providers: list[str]) -> list[str]:
        if len(set(providers)) < len(providers):
            raise ValueError("It names a provider twice. Name each once, in the order to try.")
        return providers


class TickerProvidersAnswer(Answer):
    """The providers that a ticker's shared prices are asked of."""

    ticker: str
    providers: list[ProviderName] = Field(description="The ticker's own order; empty where it has none.")
    order: list[ProviderName] = Field(
        description="Those that are asked, in this order: of `providers`, or else of PRICE_PROVIDERS, those that are configured."
    )
    updated_at: datetime | None = Field(description="Since when it has this order of its own; null where it has none.")
