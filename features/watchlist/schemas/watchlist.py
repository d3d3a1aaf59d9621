"""Schemas of the items of watch lists."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas import LARGEST_LIMIT, PLAIN_TEXT, PLAIN_TEXT_WITH_LINES, Answer, Body, Page, RootAnswer, Ticker
from features.watchlist.service import Changes
from models.watchlist import AddedTicker, WatchlistItem

Name = Annotated[str, Field(max_length=100, pattern=PLAIN_TEXT)]
Notes = Annotated[str, Field(max_length=2000, pattern=PLAIN_TEXT_WITH_LINES)]


class WatchlistAddRequest(Body):
    """A ticker to follow."""

    ticker: Ticker
    name: Name | None = Field(None, description="Default: the ticker's name in the stored prices.")
    notes: Notes | None = None


class WatchlistAddManyRequest(Body):
    """Tickers to follow."""

    tickers: Annotated[list[Ticker], Field(min_length=1, max_length=LARGEST_LIMIT)] = Field(
        description="In the order in which they are added; one that is named twice is added once.",
        json_schema_extra={"example": ["AAPL", "MSFT", "IBM"]},
    )
    notes: Notes | None = Field(None, description="Notes for each that is added.")
    without_prices: Literal["follow", "skip"] = Field(
        "follow", description="`skip`: what has no stored prices is not added, and told as `no_prices`."
    )


class WatchlistChangeRequest(Body):
    """Changes of an item. What is not named stays as it is; null clears it."""

    name: Name | None = None
    notes: Notes | None = None
    after: Ticker | None = Field(
        None, description="Move the item behind this ticker in the order by hand; null moves it to the first place."
    )

    def changes(self) -> Changes:
        """The request as changes for the service."""
        return Changes(frozenset(self.model_fields_set), self.name, self.notes, self.after)


class WatchlistItemAnswer(RootAnswer[WatchlistItem]):
    """A followed ticker."""


class WatchlistAddedAnswer(Answer):
    """What became of each ticker, in the order of the request: `added`, `already` on the list, or `no_prices` and not added."""

    items: list[AddedTicker]


class WatchlistPage(Page):
    """A page of a watch list, by ticker."""

    items: list[WatchlistItem]
