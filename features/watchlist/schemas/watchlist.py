"""Schemas of the watchlist."""

from __future__ import annotations

from pydantic import Field

from api.schemas import PLAIN_TEXT, PLAIN_TEXT_WITH_LINES, Body, Page, RootAnswer, Ticker
from models.watchlist import WatchlistItem


class WatchlistAddRequest(Body):
    """A ticker to follow."""

    ticker: Ticker
    name: str | None = Field(None, max_length=100, pattern=PLAIN_TEXT, description="Default: the ticker's name in the stored prices.")
    notes: str | None = Field(None, max_length=2000, pattern=PLAIN_TEXT_WITH_LINES)


class WatchlistItemAnswer(RootAnswer[WatchlistItem]):
    """A followed ticker."""


class WatchlistPage(Page):
    """A page of the watchlist, by ticker."""

    items: list[WatchlistItem]
