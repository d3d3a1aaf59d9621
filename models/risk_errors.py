"""Errors of risk."""

from __future__ import annotations

from models.errors import BellwetherError
from models.risk import RiskOrder


class TooShortForRisk(BellwetherError):
    """There are too few days in the period, or too few that a ticker and its benchmark share."""

    code = "insufficient_history"

    def __init__(self, order: RiskOrder, days: int, needed: int) -> None:
        what = f"{order.ticker} has" if order.benchmark is None else f"{order.ticker} and {order.benchmark} have both"
        period = " in this period" if order.start or order.end else ""
        super().__init__(f"{what} prices on {days} {'day' if days == 1 else 'days'}{period}; risk needs at least {needed}.")
