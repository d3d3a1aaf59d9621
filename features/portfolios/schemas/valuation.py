"""Schemas of what portfolios were worth each day."""

from __future__ import annotations

from api.schemas import LongPageQuery, Page
from models.portfolio_value import PortfolioValuation


class ValuationsQuery(LongPageQuery):
    """A page of valuations."""


class ValuationsPage(Page):
    """A page of valuations, newest first."""

    items: list[PortfolioValuation]
