"""What a ledger comes to: open lots, realised gains, income, costs, cash, and what came from outside. Amounts are exact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from models.portfolio import TransactionType


@dataclass(frozen=True, slots=True)
class Lot:
    """Shares that are held, acquired in one transaction; with the average method, all of a ticker and currency.

    `cost` is in `currency` and includes fees and taxes of the purchase. What is `_base` is in the base currency, and None where there was
    no rate. `transaction_id` is None of shares of several transactions.
    """

    ticker: str
    acquired: date
    quantity: Decimal
    currency: str
    cost: Decimal
    cost_base: Decimal | None
    transaction_id: str | None


@dataclass(frozen=True, slots=True)
class Realised:
    """What a sale brought for the shares that it took of one lot.

    `proceeds` are without fees and taxes of the sale, in `currency`; `cost` is in that of the lot, `cost_currency`. `gain` is None where
    the two differ, `currency_gain` is the part of `gain_base` that the cost gained because the currency did. `holding_days` is None with
    the average method.
    """

    transaction_id: str
    lot_transaction_id: str | None
    ticker: str
    acquired: date
    sold: date
    quantity: Decimal
    currency: str
    proceeds: Decimal
    cost_currency: str
    cost: Decimal
    gain: Decimal | None
    proceeds_base: Decimal | None
    cost_base: Decimal | None
    gain_base: Decimal | None
    currency_gain: Decimal | None
    holding_days: int | None


@dataclass(frozen=True, slots=True)
class Income:
    """A dividend or interest: what was paid before and after fee and tax."""

    transaction_id: str
    type: TransactionType
    day: date
    ticker: str | None
    currency: str
    gross: Decimal
    fee: Decimal
    tax: Decimal
    net: Decimal
    gross_base: Decimal | None
    net_base: Decimal | None


@dataclass(frozen=True, slots=True)
class Charge:
    """A fee or tax, by itself or of another transaction; a refund is negative. `in_cost` says that it is in a cost or in proceeds."""

    transaction_id: str
    type: TransactionType  # FEE or TAX
    day: date
    ticker: str | None
    currency: str
    amount: Decimal
    amount_base: Decimal | None
    in_cost: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """What came from outside, or with a negative sign went there: cash, or shares at their cost.

    Of cash `quantity` and `ticker` are None. `amount` of shares is their cost, which is not what they were worth on the day.
    """

    transaction_id: str
    type: TransactionType
    day: date
    currency: str
    amount: Decimal
    amount_base: Decimal | None
    ticker: str | None = None
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """How much of a ticker is held from a day on, after everything of that day."""

    day: date
    ticker: str
    held: Decimal


@dataclass(frozen=True, slots=True)
class CashMove:
    """What came to the cash of a currency, or left it, on a day."""

    day: date
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Oversold:
    """A transaction that takes more out than is held."""

    transaction_id: str
    type: TransactionType
    day: date
    ticker: str
    wanted: Decimal
    held: Decimal


@dataclass(frozen=True, slots=True)
class Books:
    """Everything that a ledger comes to, each list in the order of its days.

    `unconverted` names the currencies that had no rate, each with the first day. `oversold` is empty in a ledger as it was booked; a split
    that became known later can make an old sale one of more than was held, and then it takes what there is.
    """

    lots: tuple[Lot, ...]
    realised: tuple[Realised, ...]
    income: tuple[Income, ...]
    charges: tuple[Charge, ...]
    flows: tuple[Flow, ...]
    moves: tuple[Move, ...]
    cash_moves: tuple[CashMove, ...]
    cash: dict[str, Decimal]
    unconverted: dict[str, date]
    oversold: tuple[Oversold, ...]

    @property
    def keeps_cash(self) -> bool:
        """Whether cash comes from outside or goes there: else it is in no value of the portfolio."""
        return any(flow.ticker is None for flow in self.flows)

    def held(self) -> dict[str, Decimal]:
        """How much of each ticker is held."""
        found: dict[str, Decimal] = {}
        for lot in self.lots:
            found[lot.ticker] = found.get(lot.ticker, Decimal(0)) + lot.quantity
        return found
