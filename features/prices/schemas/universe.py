"""Schemas of universes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, field_validator

from api.schemas import LARGEST_LIMIT, PLAIN_TEXT, Answer, Body, Page, PageQuery, Ticker, UniverseName
from api.validation import TableBody
from features.prices.files.constituents import read_constituents
from features.prices.schemas.ticker import KnownTicker
from models.provider import LONGEST, Listing
from models.universe import MOST_TICKERS


class UniversePath(BaseModel):
    """The name of a universe in a path."""

    name: UniverseName = Field(description="The name of a universe.")


class UniverseQuery(PageQuery):
    """The page of a universe's tickers."""

    limit: int = Field(LARGEST_LIMIT, ge=1, le=LARGEST_LIMIT, description="The most items to return.")


class UniverseMember(Body):
    """A ticker, and what is known of it. What is left out or null stays as it is known."""

    ticker: Ticker
    name: Annotated[str, Field(max_length=LONGEST["name"], pattern=PLAIN_TEXT)] | None = None
    exchange: Annotated[str, Field(max_length=LONGEST["exchange"], pattern=PLAIN_TEXT)] | None = Field(
        None, description="Its market identifier code, such as XNAS, if you know it."
    )
    currency: Annotated[str, Field(max_length=LONGEST["currency"], pattern=PLAIN_TEXT)] | None = None
    type: Annotated[str, Field(max_length=LONGEST["kind"], pattern=PLAIN_TEXT)] | None = Field(None, description="Such as stock or etf.")
    sector: Annotated[str, Field(max_length=LONGEST["sector"], pattern=PLAIN_TEXT)] | None = None

    def listing(self) -> Listing:
        """The ticker as a listing."""
        return Listing(self.ticker, self.name, self.exchange, self.currency, self.type, self.sector)


class UniverseRequest(TableBody):
    """The tickers of a universe. It may also be sent as `text/csv` with a header: Ticker or Symbol, and Name, Exchange and Sector."""

    items: Annotated[list[UniverseMember], Field(min_length=1, max_length=MOST_TICKERS)]

    @field_validator("items")
    @classmethod
    def check_that_all_differ(cls, items: list[UniverseMember]) -> list[UniverseMember]:
        """A ticker that is there twice is a mistake: one of its names or sectors would be lost."""
        first: dict[str, int] = {}
        for number, item in enumerate(items):
            at = first.setdefault(item.ticker, number)
            if at != number:
                raise ValueError(f"{item.ticker} is there twice, as items {at} and {number}, counted from 0. Leave one of them out.")
        return items

    @classmethod
    def of_table(cls, raw: bytes) -> UniverseRequest:
        """From a CSV file. Raises PriceQuality."""
        # The file's reader has checked the tickers, and texts are cut where they are stored.
        return cls.model_construct(items=[_member(listing) for listing in read_constituents(raw)])

    def listings(self) -> list[Listing]:
        """The items as listings."""
        return [item.listing() for item in self.items]


def _member(listing: Listing) -> UniverseMember:
    facts: dict[str, Any] = {"type" if fact == "kind" else fact: value for fact, value in vars(listing).items()}
    return UniverseMember.model_construct(**facts)


class UniverseSummary(Answer):
    """A universe. `all` and `watchlist` are built in; their `updated_at` is null."""

    name: UniverseName
    tickers: int = Field(description="How many tickers it has.")
    built_in: bool = Field(description="Whether it belongs to the service: it can be neither replaced nor deleted.")
    updated_at: datetime | None = Field(description="When it was last replaced by other content.")


class UniversesAnswer(Page):
    """All universes: the built-in ones, then yours by name; `next_cursor` is always null."""

    items: list[UniverseSummary]


class UniverseStored(UniverseSummary):
    """A universe as it is stored now."""

    stored: int = Field(description="How many of its tickers have stored prices.")


class UniverseAnswer(UniverseStored):
    """A universe and a page of its tickers, by ticker."""

    items: list[KnownTicker]
    next_cursor: str | None = Field(description="The `cursor` of the next page; null on the last.")
