"""What the ledger of a portfolio comes to by a day: open lots, realised gains, and income by month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from analysis.lots import PRECISION
from models.books import Books, Income, Lot, Realised
from models.portfolio import ZERO, TransactionType


@dataclass(frozen=True)
class Period:
    """The days of a statement, both included, None for no end; of one ticker or of all."""

    start: date | None = None
    end: date | None = None
    ticker: str | None = None

    def has(self, day: date, ticker: str | None) -> bool:
        """Whether something of a day and a ticker belongs to it."""
        return (self.start is None or day >= self.start) and (self.end is None or day <= self.end) and self.ticker in (None, ticker)


@dataclass(frozen=True)
class RealisedTotals:
    """Sums in the base currency over what could be converted, proceeds and cost; `complete` says that all could.

    Else something of `missing_tickers` is left out of all sums, for want of a rate of `missing_currencies`.
    """

    proceeds: Decimal
    cost: Decimal
    gain: Decimal
    currency_gain: Decimal
    complete: bool
    missing_tickers: tuple[str, ...]
    missing_currencies: tuple[str, ...]


@dataclass(frozen=True)
class MonthlyIncome:
    """What a ticker paid in a month and currency, or interest without a ticker; of so many payments."""

    month: str
    type: TransactionType
    ticker: str | None
    currency: str
    payments: int
    gross: Decimal
    fee: Decimal
    tax: Decimal
    net: Decimal
    gross_base: Decimal | None
    net_base: Decimal | None


@dataclass(frozen=True)
class IncomeTotals:
    """Sums in the base currency; `complete` says that all could be converted, and `missing_currencies` which could not."""

    gross: Decimal
    net: Decimal
    complete: bool
    missing_currencies: tuple[str, ...]


def open_lots(books: Books, ticker: str | None) -> list[Lot]:
    """The lots that are held, by ticker, in the order in which they are taken."""
    return [lot for lot in books.lots if ticker in (None, lot.ticker)]


def realised_in(books: Books, period: Period) -> tuple[list[Realised], RealisedTotals]:
    """What sales of a period brought, newest first, and the sums."""
    found = [each for each in reversed(books.realised) if period.has(each.sold, each.ticker)]
    counted = [each for each in found if each.gain_base is not None]
    unconverted = {
        *(each.currency for each in found if each.proceeds_base is None),
        *(each.cost_currency for each in found if each.cost_base is None),
    }
    with localcontext(PRECISION):
        totals = RealisedTotals(
            proceeds=_sum(each.proceeds_base for each in counted),
            cost=_sum(each.cost_base for each in counted),
            gain=_sum(each.gain_base for each in counted),
            currency_gain=_sum(each.currency_gain for each in counted),
            complete=not unconverted,
            missing_tickers=tuple(sorted({each.ticker for each in found if each.gain_base is None})),
            missing_currencies=tuple(sorted(unconverted)),
        )
    return found, totals


def income_in(books: Books, period: Period) -> tuple[list[MonthlyIncome], IncomeTotals]:
    """Dividends and interest of a period by month, newest first, and by ticker; and the sums."""
    groups: dict[tuple[str, str, str, str], list[Income]] = {}
    for each in books.income:
        if period.has(each.day, each.ticker):
            key = (f"{each.day:%Y-%m}", each.ticker or "", str(each.type), each.currency)
            groups.setdefault(key, []).append(each)
    with localcontext(PRECISION):
        ordered = sorted(groups.items(), key=lambda group: group[0][1:])
        ordered.sort(key=lambda group: group[0][0], reverse=True)
        months = [_month(month, payments) for (month, *_), payments in ordered]
        totals = IncomeTotals(
            gross=_sum(each.gross_base for each in months),
            net=_sum(each.net_base for each in months),
            complete=all(each.net_base is not None for each in months),
            missing_currencies=tuple(sorted({each.currency for each in months if each.net_base is None})),
        )
    return months, totals


def _month(month: str, payments: Sequence[Income]) -> MonthlyIncome:
    first = payments[0]
    known = all(each.net_base is not None for each in payments)
    return MonthlyIncome(
        month=month,
        type=first.type,
        ticker=first.ticker,
        currency=first.currency,
        payments=len(payments),
        gross=_sum(each.gross for each in payments),
        fee=_sum(each.fee for each in payments),
        tax=_sum(each.tax for each in payments),
        net=_sum(each.net for each in payments),
        gross_base=_sum(each.gross_base for each in payments) if known else None,
        net_base=_sum(each.net_base for each in payments) if known else None,
    )


def _sum(values: Iterable[Decimal | None]) -> Decimal:
    return sum((value for value in values if value is not None), ZERO)
