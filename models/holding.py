"""What is held on a day, what it is worth, and what the verdicts say of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from models.corporate_action import Split
from models.portfolio import Portfolio


@dataclass(frozen=True)
class Quote:
    """The close of a ticker on a day, of the shares of that day: that of `day`, and the one before it. What is not known is None.

    `doubt` says why the close may be mistyped, and `untold` is a split of about a day that is in the close, and in no number of shares.
    """

    ticker: str
    name: str | None
    currency: str | None
    close: Decimal
    day: date
    former: Decimal | None
    state: str  # of its freshness
    days_behind: int
    doubt: str | None = None
    untold: Split | None = None


@dataclass(frozen=True)
class HeldVerdict:
    """The newest verdict on what is held, its record, and how far the price is from the stop and the target of its plan, in percent."""

    result_id: str
    strategy: str
    as_of: date
    verdict: str
    score: float
    entry: float | None
    stop_loss: float | None
    target: float | None
    to_stop_percent: float | None
    to_target_percent: float | None
    record_hit: float | None
    record_lift: float | None
    record_n: int | None
    record: str
    superseded: bool
    is_outdated: bool


@dataclass(frozen=True)
class Holding:
    """A ticker that is held. What is `_base` is in the base currency; what cannot be known is None, and `warnings` says why.

    `currency` is that of the price and of what follows from it; costs are in `cost_currency`, None where there are several. `weight` is the
    share of all holdings, `portfolio_weight` that of the portfolio, with the cash that counts in its value.
    """

    ticker: str
    quantity: Decimal
    acquired: date
    lots: int
    cost_currency: str | None
    cost: Decimal | None
    average_cost: Decimal | None
    cost_base: Decimal | None
    name: str | None = None
    currency: str | None = None
    price: Decimal | None = None
    price_day: date | None = None
    price_state: str = "unknown"
    rate: Decimal | None = None
    value: Decimal | None = None
    value_base: Decimal | None = None
    gain: Decimal | None = None
    gain_base: Decimal | None = None
    price_gain_base: Decimal | None = None
    currency_gain_base: Decimal | None = None
    gain_percent: float | None = None
    day_change_base: Decimal | None = None
    day_change_percent: float | None = None
    weight: float | None = None
    portfolio_weight: float | None = None
    verdict: HeldVerdict | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class CashHeld:
    """The cash of a currency."""

    currency: str
    amount: Decimal
    amount_base: Decimal | None
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class HoldingTotals:
    """Sums in the base currency over the holdings of which both value and cost are known, and over the cash that could be converted.

    `complete` says that nothing is missing in them; else `missing_tickers` are left out of all sums, and `missing_currencies` have no rate.
    `day_change` is of `change_day`, the newest day of a close, and of the holdings that have one of that day.
    """

    value: Decimal
    cost: Decimal
    gain: Decimal
    price_gain: Decimal
    currency_gain: Decimal
    day_change: Decimal
    change_day: date | None
    cash: Decimal
    complete: bool
    missing_tickers: tuple[str, ...]
    missing_currencies: tuple[str, ...]


@dataclass(frozen=True)
class Holdings:
    """All that a portfolio holds on a day, by ticker."""

    portfolio: Portfolio
    as_of: date
    items: tuple[Holding, ...]
    cash: tuple[CashHeld, ...]
    totals: HoldingTotals
    warnings: tuple[str, ...]
