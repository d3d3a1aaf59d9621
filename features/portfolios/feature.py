"""The portfolios feature: what an organization owns, booked from its transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.belonging import Belonging
from infrastructure.feature import Feature, Universes
from models.universe import PORTFOLIO

if TYPE_CHECKING:
    from flask import Blueprint


def _blueprints() -> tuple[Blueprint, ...]:
    from features.portfolios.routes import holding, portfolio, transaction

    return portfolio.blueprint, transaction.blueprint, holding.blueprint


def _universes() -> Universes:
    from features.portfolios.service import tickers_of

    return Universes(families={PORTFOLIO: tickers_of})


BELONGINGS = (
    Belonging("dividend_decisions", ("portfolio_id", "dividend_key")),
    Belonging("portfolio_tickers", ("portfolio_id", "ticker")),
    Belonging("portfolio_transactions", ("portfolio_id", "id", "since_version"), rows=1_000),
    Belonging("portfolio_terms", ("portfolio_id", "since_version")),
    Belonging("portfolios", hidden=("name_key",)),
)

FEATURE = Feature("portfolios", blueprints=_blueprints, universes=_universes, belongings=BELONGINGS)
