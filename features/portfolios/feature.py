"""The portfolios feature: what an organization owns, booked from its transactions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from infrastructure.belonging import Belonging, Row
from infrastructure.feature import DAILY, Feature, MaintenanceTask, Universes
from models.portfolio_value import PORTFOLIO_VALUATION
from models.universe import PORTFOLIO

if TYPE_CHECKING:
    from flask import Blueprint

    from features.portfolios.kinds import PortfolioValuing
    from infrastructure.capability import Capability
    from infrastructure.foundation import Foundation
    from infrastructure.value_lines import LineReaders


def _blueprints() -> tuple[Blueprint, ...]:
    from features.portfolios.routes import dividend, holding, performance, portfolio, statement, transaction

    modules = (portfolio, transaction, holding, dividend, performance, statement)
    return tuple(module.blueprint for module in modules)


def _universes() -> Universes:
    from features.portfolios.service import tickers_of

    return Universes(families={PORTFOLIO: tickers_of})


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.portfolios.packs import prune_packs

    return (
        MaintenanceTask("prune_pricing_packs", DAILY, lambda: prune_packs(foundation.database)),
        MaintenanceTask("queue_portfolio_valuations", DAILY, lambda: _queue_valuations(foundation)),
    )


def _queue_valuations(foundation: Foundation) -> None:
    from features.portfolios.valuations import queue_all

    queue_all(foundation.database)


def _kinds(foundation: Foundation) -> tuple[PortfolioValuing, ...]:
    from features.portfolios.kinds import PortfolioValuing

    return (PortfolioValuing(foundation),)


def _capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    from features.portfolios.capabilities import holdings_capability, valuation_capability
    from features.portfolios.keeping import BookKeeper

    return holdings_capability(foundation.part(BookKeeper.of)), valuation_capability()


def _lines(foundation: Foundation) -> LineReaders:
    from features.portfolios.lines import portfolio_line
    from features.portfolios.valuing import Valuer
    from infrastructure.value_lines import LineKind

    valuer = foundation.part(Valuer.of)
    return {LineKind.PORTFOLIO: partial(portfolio_line, valuer)}


def _with_values(row: Row) -> Row:
    """A part of a line with its values as lists, in place of the packed ones."""
    from features.portfolios.packing import PART, PricedLine

    line = PricedLine.of_parts((row["kind"], row["name"], ""), [bytes(row["data"])], PART)
    return {**row, "data": {"day": line.days.tolist(), "value": line.values.tolist()}}


_LINE = ("org_id", "kind", "name", "revision")
BELONGINGS = (
    Belonging("portfolio_valuations", ("portfolio_id", "day"), rows=1_000),
    Belonging("pricing_packs", ("org_id", "digest")),
    Belonging("priced_line_parts", (*_LINE, "part"), show=_with_values, rows=50),
    Belonging("priced_lines", _LINE),
    Belonging("dividend_decisions", ("portfolio_id", "dividend_key")),
    Belonging("portfolio_tickers", ("portfolio_id", "ticker")),
    Belonging("portfolio_transactions", ("portfolio_id", "id", "since_version"), rows=1_000),
    Belonging("portfolio_symbols", ("org_id", "security")),
    Belonging("portfolio_terms", ("portfolio_id", "since_version")),
    Belonging("portfolios", hidden=("name_key",)),
)

FEATURE = Feature(
    "portfolios",
    blueprints=_blueprints,
    kinds=_kinds,
    background_kinds=(PORTFOLIO_VALUATION,),
    maintenance=_maintenance,
    capabilities=_capabilities,
    lines=_lines,
    universes=_universes,
    belongings=BELONGINGS,
)
