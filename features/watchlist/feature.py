"""What the watchlist offers: the tickers that are followed, and the overview of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.feature import Feature

if TYPE_CHECKING:
    from flask import Blueprint


def _blueprints() -> tuple[Blueprint, ...]:
    from features.watchlist.routes import overview, watchlist

    return watchlist.blueprint, overview.blueprint


FEATURE = Feature("watchlist", blueprints=_blueprints)
