"""Portfolios and their transactions. Money and quantities are decimals, kept as they were given."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from typing import Any, Self

from models.currency import major_of

MOST_PORTFOLIOS = 200  # of an organization
MOST_TRANSACTIONS = 50_000  # of a portfolio, those that stand
MOST_TICKERS = 2_000  # of a portfolio
_ROOMY = Context(prec=100)  # for a product of numbers of the most digits
PLACES = 10  # digits behind the point of a quantity, and the most of any number that is given
WHOLE_DIGITS = 15  # before the point, the most of any number that is given
TOO_MANY_DIGITS = f"It has more than {WHOLE_DIGITS} digits before the point."
MOST_MONEY = 10**WHOLE_DIGITS  # that a transaction comes to with its costs, in its own currency and by its rate
_LAST_PLACE = Decimal(1).scaleb(-PLACES)
EARLIEST_DAY = date(1900, 1, 1)
AHEAD = timedelta(days=1)  # after the day in UTC: somewhere it is tomorrow already
ZERO = Decimal(0)
DECIMAL_PATTERN = rf"^-?[0-9]{{1,{WHOLE_DIGITS}}}(\.[0-9]{{1,{PLACES}}})?$"
_DECIMAL = re.compile(DECIMAL_PATTERN)


class CostMethod(StrEnum):
    """Which shares a sale takes: the oldest first, or the same part of each."""

    FIFO = "fifo"
    AVERAGE = "average"


class TransactionType(StrEnum):
    """What a transaction does."""

    BUY = "buy"
    SELL = "sell"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    FEE = "fee"
    TAX = "tax"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    SPLIT = "split"


@dataclass(frozen=True)
class Portfolio:
    """A portfolio. `version` grows with each change of it or of its ledger; `transactions` and `holdings` count those that stand now."""

    id: str
    name: str
    base_currency: str
    benchmark: str | None
    cost_method: CostMethod
    version: int
    transactions: int
    holdings: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Draft:
    """A transaction to book.

    `price` is per unit; `amount` is the gross amount of cash, or of what has a quantity what all of it cost or brought, and then it counts
    rather than `price`. `fee` and `tax` come on top. All four are in `currency`, and `fx_rate` is how many units of the base currency one
    of it was worth. `acquired` is the day on which shares that are transferred in were bought; `numerator` and `denominator` are a
    split's: 3 and 2 are three shares for two.
    """

    type: TransactionType
    day: date
    currency: str
    ticker: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    amount: Decimal | None = None
    fee: Decimal = ZERO
    tax: Decimal = ZERO
    fx_rate: Decimal | None = None
    acquired: date | None = None
    numerator: int | None = None
    denominator: int | None = None
    note: str | None = None

    @property
    def told(self) -> tuple[Any, ...]:
        """What it tells, in the order of the fields."""
        return _TOLD(self)

    @property
    def gross(self) -> Decimal:
        """The amount before fee and tax."""
        if self.amount is not None:
            return self.amount
        return ZERO if self.quantity is None or self.price is None else self.quantity * self.price

    def but(self, **changes: Any) -> Self:
        """The same with other values: `replace`, in a third of its time, for files of many lines."""
        return type(self)(**(vars(self) | changes))


_TOLD: Callable[[Draft], tuple[Any, ...]] = attrgetter(*(each.name for each in fields(Draft)))


@dataclass(frozen=True, kw_only=True)
class Transaction(Draft):
    """A booked transaction.

    `recorded_at` is when it was booked or last corrected, `since_version` the version of its portfolio since then.
    """

    id: str
    since_version: int
    recorded_at: datetime


@dataclass(frozen=True)
class Rule:
    """Which fields a type of transaction needs, and which it may have besides those that all may have."""

    needs: tuple[str, ...]
    may_have: tuple[str, ...] = ()
    either: tuple[str, ...] = field(default=())  # at least one of these

    @cached_property
    def forbids(self) -> tuple[str, ...]:
        """The fields that it has not."""
        return tuple(name for name in _CHECKED if name not in (*self.needs, *self.may_have, *self.either))


TRADE = Rule(("ticker", "quantity"), ("fee", "tax", "fx_rate"), ("price", "amount"))
PAYMENT = Rule(("ticker", "amount"), ("fee", "tax", "fx_rate"))
RULES = {
    TransactionType.BUY: TRADE,
    TransactionType.SELL: TRADE,
    TransactionType.DIVIDEND: PAYMENT,
    TransactionType.INTEREST: Rule(("amount",), ("ticker", "fee", "tax", "fx_rate")),
    TransactionType.FEE: Rule(("amount",), ("ticker", "fx_rate")),
    TransactionType.TAX: Rule(("amount",), ("ticker", "fx_rate")),
    TransactionType.DEPOSIT: Rule(("amount",), ("fee", "tax", "fx_rate")),
    TransactionType.WITHDRAWAL: Rule(("amount",), ("fee", "tax", "fx_rate")),
    TransactionType.SPLIT: Rule(("ticker", "numerator", "denominator")),
}
# A transfer is of shares or of cash.
TRANSFERS = {
    (TransactionType.TRANSFER_IN, True): Rule(("ticker", "quantity"), ("fee", "tax", "fx_rate", "acquired"), ("price", "amount")),
    (TransactionType.TRANSFER_IN, False): Rule(("amount",), ("fee", "tax", "fx_rate")),
    (TransactionType.TRANSFER_OUT, True): Rule(("ticker", "quantity"), ("fee", "tax", "fx_rate")),
    (TransactionType.TRANSFER_OUT, False): Rule(("amount",), ("fee", "tax", "fx_rate")),
}
MAY_BE_NEGATIVE = (TransactionType.FEE, TransactionType.TAX)  # a refund
MAY_COST_NOTHING = (TransactionType.BUY, TransactionType.SELL, TransactionType.TRANSFER_IN)
MOST_FOR_ONE = 1_000_000  # shares of a split
_CHECKED = ("ticker", "quantity", "price", "amount", "fee", "tax", "fx_rate", "acquired", "numerator", "denominator")
_WORDS = {"fx_rate": "a rate", "ticker": "a ticker", "amount": "an amount", "acquired": "a day of acquisition"}


def rule_of(draft: Draft) -> Rule:
    """The rule of a draft's type."""
    return RULES.get(draft.type) or TRANSFERS[draft.type, draft.ticker is not None or draft.quantity is not None]


def faults_of(draft: Draft, today: date, base_currency: str) -> list[tuple[str, str]]:
    """What of a draft does not fit into a portfolio in a currency, each with its field."""
    rule = rule_of(draft)
    faults = [(name, f"A {_named(draft)} needs {_words(name)}.") for name in rule.needs if getattr(draft, name) is None]
    if rule.either and all(getattr(draft, name) is None for name in rule.either):
        faults.append((rule.either[0], f"A {_named(draft)} needs a price, or the amount of all of it."))
    faults += [(name, f"A {_named(draft)} has no {name.replace('_', ' ')}. Leave it out.") for name in rule.forbids if getattr(draft, name)]
    return faults + _of_numbers(draft) + _of_rate(draft, base_currency) + _of_size(draft, base_currency) + _of_days(draft, today)


def _of_numbers(draft: Draft) -> list[tuple[str, str]]:
    faults = []
    if draft.quantity is not None and draft.quantity <= 0:
        faults.append(("quantity", "It must be above 0. What leaves the portfolio is a sell or a transfer_out."))
    if draft.fx_rate is not None and draft.fx_rate <= 0:
        faults.append(("fx_rate", "It must be above 0."))
    lowest_is_zero = draft.type in MAY_COST_NOTHING
    for name in ("price", "amount"):
        value = getattr(draft, name)
        if value is None or draft.type in MAY_BE_NEGATIVE:
            if value == 0:
                faults.append((name, "It is 0, so there is nothing to book."))
        elif value < 0 or (value == 0 and not lowest_is_zero):
            faults.append((name, f"It must be {'0 or more' if lowest_is_zero else 'above 0'}; the type says which way cash goes."))
    faults += [(name, "It must be 0 or more.") for name in ("fee", "tax") if getattr(draft, name) < 0]
    for name in ("numerator", "denominator"):
        value = getattr(draft, name)
        if value is not None and not 0 < value <= MOST_FOR_ONE:
            faults.append((name, f"It must be from 1 to {MOST_FOR_ONE:,}."))
    return faults


def _of_rate(draft: Draft, base_currency: str) -> list[tuple[str, str]]:
    """A rate of the base currency into itself, which is another than it has."""
    currency, units = major_of(draft.currency)
    if draft.fx_rate is None or draft.fx_rate <= 0 or currency != base_currency or draft.fx_rate * units == 1:
        return []
    rate = decimal_text(1 / Decimal(units))
    remedy = "Leave it out, or tell the currency of price and amount."
    return [("fx_rate", f"The portfolio is in {base_currency}, and the rate of {draft.currency} into it is {rate}. {remedy}")]


def _of_size(draft: Draft, base_currency: str) -> list[tuple[str, str]]:
    """More money than a transaction comes to, at the first field that makes it so."""
    gross = abs(draft.gross)
    whole = gross + draft.fee + draft.tax
    sizes = (
        ("price" if draft.amount is None else "amount", gross, draft.currency),
        ("fee" if draft.fee >= draft.tax else "tax", whole, draft.currency),
        ("fx_rate", whole * (draft.fx_rate or 1), base_currency),
    )
    name, currency = next(((name, currency) for name, size, currency in sizes if size > MOST_MONEY), (None, None))
    if name is None:
        return []
    return [(name, f"The transaction would come to more than {MOST_MONEY:,} of {currency}. See whether a decimal sign is missing.")]


def _of_days(draft: Draft, today: date) -> list[tuple[str, str]]:
    faults = []
    latest = today + AHEAD
    if draft.day > latest:
        faults.append(("day", f"{draft.day} lies in the future; the latest day is {latest}. A transaction is booked once it has happened."))
    if draft.day < EARLIEST_DAY:
        faults.append(("day", f"It must be {EARLIEST_DAY} or later."))
    if draft.acquired is not None and not EARLIEST_DAY <= draft.acquired <= draft.day:
        faults.append(("acquired", f"It must lie between {EARLIEST_DAY} and the day of the transfer."))
    return faults


def _named(draft: Draft) -> str:
    return str(draft.type).replace("_", " ")


def _words(name: str) -> str:
    return _WORDS.get(name, f"a {name}")


def checked_decimal(text: str) -> Decimal:
    """The number that a text is. Raises ValueError for another notation, or for more digits than are kept."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(
            f"Write it in digits, as in 12.50: up to {WHOLE_DIGITS} of them before the point and {PLACES} behind it, without exponent."
        )
    return Decimal(text)


def decimal_text(value: Decimal) -> str:
    """A decimal as it is written: never with an exponent."""
    return format(value, "f")


def rounded_at(value: Decimal, places: int) -> Decimal:
    """A number of up to 80 digits, rounded at some digits behind the point; one that has none there stays as it is."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -places:
        return value
    return value.quantize(Decimal(1).scaleb(-places), context=_ROOMY)


def shortest(value: Decimal) -> str:
    """A computed decimal as it is shown: rounded at PLACES, without zeros at its end."""
    written = format(value.quantize(_LAST_PLACE, context=_ROOMY), "f").rstrip("0").rstrip(".")
    return "0" if written in ("-0", "") else written
