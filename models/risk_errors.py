"""Errors of risk."""

from __future__ import annotations

from collections.abc import Sequence

from models.errors import BellwetherError
from models.risk import Measured, RiskOrder


class TooShortForRisk(BellwetherError):
    """There are too few days in the period, or too few that something and its benchmark share."""

    code = "insufficient_history"

    def __init__(self, order: RiskOrder, measured: Sequence[Measured], days: int, needed: int) -> None:
        """`measured` is what was to be measured, and its benchmark if there is one."""
        labels = " and ".join(each.label for each in measured)
        what = f"{labels} has" if len(measured) == 1 else f"{labels} have both"
        noun = "prices" if all(each.ticker for each in measured) else "values"
        period = "" if order.is_whole else " in this period"
        super().__init__(f"{what} {noun} on {days} {'day' if days == 1 else 'days'}{period}; risk needs at least {needed}.")
