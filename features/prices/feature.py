"""What prices offer: daily prices in and out, and what to know of their quality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.feature import Feature, Universes
from models.feature_flag import Flag

if TYPE_CHECKING:
    from flask import Blueprint

UPLOADS = Flag("uploads", "PUT /prices. Prices that are stored stay readable.")


def _blueprints() -> tuple[Blueprint, ...]:
    from features.prices.routes import price, ticker

    return price.blueprint, ticker.blueprint


def _universes() -> Universes:
    from features.prices.store import list_tickers

    return {"all": list_tickers}


FEATURE = Feature("prices", blueprints=_blueprints, universes=_universes, flags=(UPLOADS,))
