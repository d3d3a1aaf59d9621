"""Schemas of the overview."""

from __future__ import annotations

from pydantic import Field

from api.schemas import LongPageQuery, Page
from features.analyses.schemas.analysis import StrategyId
from models.overview import OverviewItem


class OverviewQuery(LongPageQuery):
    """The page, and the strategy of the verdicts."""

    strategy: StrategyId = Field("balanced", description="See GET /strategies.")


class OverviewPage(Page):
    """A page of the watchlist, by ticker. `closes` are up to 60, oldest first; `change_percent` compares the last two of them."""

    items: list[OverviewItem]
