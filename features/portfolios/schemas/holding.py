"""Schemas of holdings, lots, realised gains and income. Decimals are texts; what is computed is rounded at ten places."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field

from api.schemas import CSV, Answer, IsoDate, Page, PageQuery, Query, Ticker, not_below
from features.portfolios.schemas.transaction import TransactionTypeName
from features.portfolios.service import HoldingsOrder, Period
from features.strategies.schemas import StrategyId
from models.freshness import FreshnessState
from models.portfolio import Portfolio, shortest
from utils.clock import today

_CSV_TOO = {"content": {CSV: {"schema": {"type": "string"}}}}
_AS_OF = "As it was at the end of this day, which has come; null for today."
_LEDGER = "By the transactions as they stood at this version of the portfolio; null for the newest."


def _passed(day: date) -> date:
    if day > today():
        raise ValueError(f"{day} lies in the future; leave it out for today")
    return day


PassedDay = Annotated[IsoDate, AfterValidator(_passed)]
LedgerVersion = Annotated[int, Field(ge=1, le=2**53)]


class HoldingsQuery(Query):
    """Which holdings."""

    as_of: PassedDay | None = Field(None, description=_AS_OF)
    ledger: LedgerVersion | None = Field(None, description=_LEDGER)
    strategy: StrategyId = Field("balanced", description="Of the verdicts; see GET /strategies.")

    def order(self) -> HoldingsOrder:
        """The query for the service."""
        return HoldingsOrder(self.as_of, self.ledger, self.strategy)


class LotsQuery(PageQuery):
    """Which lots."""

    as_of: PassedDay | None = Field(None, description=_AS_OF)
    ledger: LedgerVersion | None = Field(None, description=_LEDGER)
    ticker: Ticker | None = Field(None, description="Only those of this ticker.")


class _PeriodFields(Query):
    ledger: LedgerVersion | None = Field(None, description=_LEDGER)
    ticker: Ticker | None = Field(None, description="Only what is of this ticker.")
    start: IsoDate | None = Field(None, description="Only what is of this day or later.")
    end: Annotated[IsoDate | None, not_below("start")] = Field(None, description="Only what is of this day or earlier.")

    def period(self) -> Period:
        """The query for the service."""
        return Period(self.start, self.end, self.ticker)


class RealisedQuery(_PeriodFields, PageQuery):
    """Which realised gains."""


class IncomeQuery(_PeriodFields):
    """Which income."""


class HeldVerdictAnswer(Answer):
    """The newest verdict on what is held, by the strategy that was asked for."""

    result_id: str = Field(description="See GET /results/{result_id}.")
    strategy: StrategyId
    as_of: date
    verdict: str
    score: float
    entry: float | None
    stop_loss: float | None
    target: float | None
    to_stop_percent: float | None = Field(description="From the price to the stop of its plan; above 0, the price has fallen below it.")
    to_target_percent: float | None = Field(description="From the price to the target of its plan; below 0, the price is above it.")
    record_hit: float | None = Field(description="The share of days on which this verdict was right on this ticker after 20 days.")
    record_lift: float | None = Field(description="By how much that is more than for any day.")
    record_n: int | None = Field(description="Of how many days.")
    record: str = Field(description="The record in words.")
    superseded: bool
    is_outdated: bool = Field(description="Whether there is a newer price than the one that was analysed.")


class HoldingAnswer(Answer):
    """A ticker that is held. What is `_base` is in the base currency; what cannot be known is null, and `warnings` says why."""

    ticker: str
    name: str | None
    quantity: str = Field(description="In shares of that day, after splits.")
    acquired: date = Field(description="The oldest day of acquisition of what is held.")
    lots: int = Field(description="How many lots it is; with the average method one for each currency.")
    cost_currency: str | None = Field(description="The currency of the purchases; null for several.")
    cost: str | None = Field(description="What it cost in `cost_currency`, with fees and taxes of the purchases.")
    average_cost: str | None = Field(description="Cost / quantity.")
    cost_base: str | None = Field(description="What it cost at the rates of the days of purchase.")
    currency: str | None = Field(description="The currency of the price.")
    price: str | None = Field(description="The last close until that day, of the shares of that day.")
    price_day: date | None = Field(description="The day of that close.")
    price_state: FreshnessState = Field(description="How near the price is to the newest that there can be on its exchange.")
    rate: str | None = Field(description="Units of the base currency for one of `currency` on that day.")
    value: str | None = Field(description="Quantity × price.")
    value_base: str | None = Field(description="Value × rate.")
    gain: str | None = Field(description="Value - cost, where both are in one currency.")
    gain_base: str | None = Field(description="Value - cost, in the base currency.")
    price_gain_base: str | None = Field(description="The part of it that the price made: (value - cost) × rate.")
    currency_gain_base: str | None = Field(description="The part of it that the currency made: cost × (rate - rate of the purchase).")
    gain_percent: float | None = Field(description="100 × gain / cost, both in the base currency.")
    day_change_base: str | None = Field(description="What the last close is worth more than the one before it, at the rate of the day.")
    day_change_percent: float | None
    weight: float | None = Field(description="The share of the value of all holdings that have one in the base currency, without cash.")
    portfolio_weight: float | None = Field(
        description="The share of the portfolio that alert rules watch: with cash, where the ledger has deposits or withdrawals. Holdings "
        "without a price are left out; rules count them at what was last paid."
    )
    verdict: HeldVerdictAnswer | None = Field(description="Null of earlier days, and where it was not analysed.")
    warnings: list[str]


class CashAnswer(Answer):
    """The cash of a currency."""

    currency: str
    amount: str
    amount_base: str | None
    warnings: list[str]


class HoldingTotalsAnswer(Answer):
    """Sums in the base currency over the holdings of which both value and cost are known there."""

    value: str
    cost: str
    gain: str
    price_gain: str
    currency_gain: str
    day_change: str
    change_day: date | None = Field(
        description="The newest day of a close. Holdings whose last close is older do not count in `day_change`."
    )
    cash: str = Field(description="Of all currencies that have a rate.")
    complete: bool = Field(description="Whether nothing is missing in them.")
    missing_tickers: list[str] = Field(description="The holdings that are left out of all sums, for want of a price or a rate.")
    missing_currencies: list[str] = Field(description="The currencies that have no rate, of the day or of a purchase.")


class HoldingsAnswer(Answer):
    """All that a portfolio holds on a day, by ticker."""

    model_config = ConfigDict(openapi_extra=_CSV_TOO)  # type: ignore[typeddict-unknown-key]

    portfolio: Portfolio
    as_of: date
    items: list[HoldingAnswer]
    cash: list[CashAnswer]
    totals: HoldingTotalsAnswer
    warnings: list[str] = Field(description="What is to be kept in mind of the ledger.")


class LotAnswer(Answer):
    """Shares that were acquired together; with the average method, all of a ticker and currency."""

    ticker: str
    acquired: date
    quantity: str
    currency: str
    cost: str = Field(description="In `currency`, with fees and taxes of the purchase.")
    cost_base: str | None = Field(description="At the rate of the purchase; null without one.")
    transaction_id: str | None = Field(description="The purchase or transfer; null for several.")


class LotsPage(Page):
    """A page of lots, by ticker, in the order in which they are sold."""

    model_config = ConfigDict(openapi_extra=_CSV_TOO)  # type: ignore[typeddict-unknown-key]

    items: list[LotAnswer]
    version: int = Field(description="The version of the portfolio that they are of.")


class RealisedAnswer(Answer):
    """What a sale brought for the shares that it took of one lot."""

    transaction_id: str
    lot_transaction_id: str | None
    ticker: str
    acquired: date
    sold: date
    quantity: str
    currency: str
    proceeds: str = Field(description="After fees and taxes of the sale, in `currency`.")
    cost_currency: str
    cost: str = Field(description="With fees and taxes of the purchase, in `cost_currency`.")
    gain: str | None = Field(description="Proceeds - cost; null where the two currencies differ.")
    proceeds_base: str | None
    cost_base: str | None
    gain_base: str | None
    currency_gain: str | None = Field(description="The part of `gain_base` that the currency made.")
    holding_days: int | None = Field(description="Days from purchase to sale; null with the average method.")


class RealisedTotalsAnswer(Answer):
    """Sums in the base currency over the whole period, of what could be converted, proceeds and cost."""

    proceeds: str
    cost: str
    gain: str
    currency_gain: str
    complete: bool = Field(description="Whether all could be converted.")
    missing_tickers: list[str] = Field(description="Of which something is left out of all sums, for want of a rate.")
    missing_currencies: list[str] = Field(description="The currencies that had no rate on the day of a sale or purchase.")


class RealisedPage(Page):
    """A page of realised gains, newest first."""

    model_config = ConfigDict(openapi_extra=_CSV_TOO)  # type: ignore[typeddict-unknown-key]

    items: list[RealisedAnswer]
    totals: RealisedTotalsAnswer
    version: int = Field(description="The version of the portfolio that they are of.")


class MonthlyIncomeAnswer(Answer):
    """What a ticker paid in a month and currency; interest may be of no ticker."""

    month: str = Field(description="As 2012-09.")
    type: TransactionTypeName
    ticker: str | None
    currency: str
    payments: int
    gross: str
    fee: str
    tax: str
    net: str = Field(description="Gross - fee - tax.")
    gross_base: str | None
    net_base: str | None


class IncomeTotalsAnswer(Answer):
    """Sums in the base currency over the whole period."""

    gross: str
    net: str
    complete: bool = Field(description="Whether all could be converted.")
    missing_currencies: list[str] = Field(description="The currencies that had no rate on the day of a payment.")


class IncomeAnswer(Answer):
    """Dividends and interest by month, newest first, and by ticker."""

    model_config = ConfigDict(openapi_extra=_CSV_TOO)  # type: ignore[typeddict-unknown-key]

    items: list[MonthlyIncomeAnswer]
    totals: IncomeTotalsAnswer
    version: int = Field(description="The version of the portfolio that it is of.")


def told(value: Any) -> Any:
    """A value as it is sent: decimals as text."""
    if isinstance(value, Decimal):
        return shortest(value)
    if isinstance(value, list | tuple):
        return [told(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: told(getattr(value, each.name)) for each in fields(value)}
    return value
