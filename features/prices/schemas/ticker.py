"""Schemas of tickers with stored prices."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from api.schemas import PLAIN_TEXT, Answer, LongPageQuery, Page
from models.freshness import Freshness


class TickersQuery(LongPageQuery):
    """The filter of tickers, and the page."""

    q: str = Field("", max_length=100, pattern=PLAIN_TEXT, description="Start of the ticker or part of the name, in any case.")


class TickerItem(Answer):
    """A ticker and the extent of its stored prices."""

    ticker: str
    name: str | None
    bars: int
    first: date
    last: date
    provider: str
    freshness: Freshness


class TickerPage(Page):
    """A page of tickers, by ticker."""

    items: list[TickerItem]
