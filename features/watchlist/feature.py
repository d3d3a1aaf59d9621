"""The watchlist feature: the followed tickers and their overview."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.belonging import Belonging
from infrastructure.feature import Feature, Universes
from models.universe import WATCHLIST

if TYPE_CHECKING:
    from flask import Blueprint

    from infrastructure.capability import Capability
    from infrastructure.foundation import Foundation


def _blueprints() -> tuple[Blueprint, ...]:
    from features.watchlist.routes import named, overview, watchlist

    return watchlist.blueprint, named.blueprint, overview.blueprint


def _universes() -> Universes:
    from features.watchlist.lists import tickers_of
    from features.watchlist.store.watchlist import list_tickers

    return Universes({WATCHLIST: list_tickers}, {WATCHLIST: tickers_of})


def _capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    from features.watchlist.capabilities import watchlist_capability

    return (watchlist_capability(),)


BELONGINGS = (
    Belonging("watchlist_items", ("org_id", "ticker")),
    Belonging("named_watchlist_items", ("org_id", "list_id", "ticker")),
    Belonging("watchlists", hidden=("name_key",)),
)

FEATURE = Feature("watchlist", blueprints=_blueprints, universes=_universes, capabilities=_capabilities, belongings=BELONGINGS)
