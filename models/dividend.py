"""Dividends that companies paid on what a portfolio held, and whether they are booked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True)
class Distribution:
    """What was paid for a share, from the day on which the price is without it."""

    ticker: str
    ex_day: date
    kind: str  # dividend or capital_gain
    amount: float
    currency: str | None

    @property
    def key(self) -> str:
        """The name of the payment, the same whoever reports it."""
        return f"{self.ticker}:{self.ex_day}:{self.kind}"


class DividendState(StrEnum):
    """What became of a payment."""

    PROPOSED = "proposed"
    BOOKED = "booked"
    DISMISSED = "dismissed"


@dataclass(frozen=True)
class ProposedDividend:
    """A payment on what was held before its day. `currency` is None where nobody tells; `transaction_id` is that of a booked one."""

    key: str
    ticker: str
    kind: str
    ex_day: date
    quantity: Decimal
    per_share: Decimal
    amount: Decimal
    currency: str | None
    state: DividendState
    transaction_id: str | None
