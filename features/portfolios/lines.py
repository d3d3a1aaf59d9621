"""The value of portfolios by day, for whatever measures them: what 1 has become since the first day, without what came from outside."""

from __future__ import annotations

import hashlib

import numpy as np

from analysis.time_weighted import chained
from database import AnyReader
from features.portfolios.store import portfolio as portfolio_store
from features.portfolios.store.transaction import Ledger
from features.portfolios.valuing import Valuer
from infrastructure.value_lines import LineKind, ValueLine
from models.portfolio_errors import PortfolioNotFound


def portfolio_line(valuer: Valuer, connection: AnyReader, org_id: int, portfolio_id: str) -> ValueLine | None:
    """The line of a portfolio; None where there is none of this id. It ends where nothing was left. Raises NothingToValue."""
    ledger = Ledger(org_id, portfolio_id)
    found = portfolio_store.find(connection, *ledger)
    try:
        valued = valuer.newest(connection, ledger)
    except PortfolioNotFound:
        return None
    growth = chained(valued.valuation.growth.factors)
    end = int(np.argmin(growth > 0)) or len(growth)
    days, values = valued.valuation.market.days[:end], growth[:end]
    digest = hashlib.sha256(days.astype("<i8").tobytes() + values.astype("<f8").tobytes()).hexdigest()
    name = None if found is None else found.name
    return ValueLine(portfolio_id, LineKind.PORTFOLIO, name, valued.ledger.base_currency, days, values, adjusted=True, digest=digest)
