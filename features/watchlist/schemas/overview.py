"""Schemas of the overview."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Literal

from pydantic import Field

from api.schemas import IsoDate, LongPageQuery, Page
from features.strategies.schemas import StrategyId
from models.overview import OverviewFilter, OverviewItem
from models.watchlist import DEFAULT_LIST


class OverviewQuery(LongPageQuery):
    """The watch list and the page, the strategy of the verdicts, the order, and the filter."""

    list: str = Field(DEFAULT_LIST, description="The `id` of a watch list; see GET /watchlists.")
    strategy: StrategyId = Field("balanced", description="See GET /strategies.")
    sort: Literal["ticker", "position"] = Field("ticker", description="`position` is the order by hand; see PATCH /watchlist/{ticker}.")
    changed_since: IsoDate | None = Field(
        None, description="Only tickers whose verdict changed on this day (UTC) or later; `change` says when and from what."
    )

    def order(self) -> OverviewFilter:
        """The query without its page."""
        since = None if self.changed_since is None else datetime.combine(self.changed_since, time.min, UTC)
        return OverviewFilter(self.strategy, self.sort, since)


class OverviewPage(Page):
    """A page of a watch list. `closes` are up to 60, oldest first; `change_percent` compares the last two of them."""

    items: list[OverviewItem]
