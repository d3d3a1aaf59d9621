"""Schemas of strategies."""

from __future__ import annotations

from api.schemas import Page
from models.strategy import Strategy


class StrategyPage(Page):
    """Every strategy."""

    items: list[Strategy]
