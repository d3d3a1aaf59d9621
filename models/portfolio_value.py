"""What portfolios were worth each day, as a job stored it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from models.portfolio import Portfolio

PORTFOLIO_VALUATION = "portfolio_valuation"  # the kind of job
MOST_CAUGHT_UP = 400  # days that one valuation stores, the newest ones
MOST_TOLD = 200  # holdings of an event, the heaviest ones


@dataclass(frozen=True)
class DayValue:
    """A day of a portfolio, in its base currency: `twr` is the return of the day, `growth` what 1 has become since the first one."""

    day: date
    value: float
    cash: float
    flows: float
    twr: float
    growth: float


@dataclass(frozen=True)
class PortfolioValuation:
    """A day as it was computed then, by the pricing pack with this digest and this version of the ledger."""

    day: date
    currency: str
    value: float
    cash: float
    flows: float
    twr: float
    growth: float
    pack: str
    ledger_version: int
    valued_at: datetime


@dataclass(frozen=True)
class ValuedPortfolio(Portfolio):
    """A portfolio with the newest day that is stored of it."""

    valuation: PortfolioValuation | None


@dataclass(frozen=True)
class HoldingFacts:
    """What is held of a ticker: its part of the value, and how far its close is above the stop and below the target of its latest result.

    `to_stop` and `to_target` are fractions of the close, and null without such a level, or where the result is of older prices.
    """

    ticker: str
    weight: float
    value: float
    close: float
    stop: float | None
    target: float | None
    to_stop: float | None
    to_target: float | None
