"""Strategies."""

from __future__ import annotations

from models.strategy import Strategy
from schemas.base import Page


class StrategyPage(Page):
    """Every strategy."""

    items: list[Strategy]
