"""Reads the ledger of a portfolio, as it stands or stood, and what it is booked with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal

from analysis.entries import CODE
from analysis.lots import Rate
from database import AnyReader
from features.currencies.service import RateLine, rates_between
from features.portfolios.store import portfolio as portfolio_store
from features.portfolios.store import transaction as transaction_store
from features.portfolios.store.transaction import Ledger
from features.prices import service as prices
from models.corporate_action import Split
from models.currency import major_of
from models.fx_errors import RateNotFound
from models.portfolio import Portfolio, Transaction, TransactionType
from models.portfolio_errors import LedgerVersionNotFound, PortfolioNotFound
from utils.ids import is_id


def find_at(connection: AnyReader, ledger: Ledger, version: int | None = None) -> Portfolio:
    """A portfolio as it is, or as it was booked at a version of it; how many transactions it had then is not told.

    Raises PortfolioNotFound or LedgerVersionNotFound.
    """
    portfolio = portfolio_store.find(connection, *ledger) if is_id(ledger.portfolio_id) else None
    if portfolio is None:
        raise PortfolioNotFound(ledger.portfolio_id)
    if version is None or version == portfolio.version:
        return portfolio
    if not 1 <= version < portfolio.version:
        raise LedgerVersionNotFound(version, portfolio.version)
    base_currency, benchmark, cost_method = portfolio_store.find_terms(connection, *ledger, version)
    return replace(portfolio, base_currency=base_currency, benchmark=benchmark, cost_method=cost_method, version=version)


def read_ledger(
    connection: AnyReader, org_id: int, portfolio_id: str, version: int | None = None
) -> tuple[Portfolio, tuple[Transaction, ...]]:
    """A portfolio and its transactions by day and id, as they stand, or stood at a version of the portfolio.

    Raises PortfolioNotFound or LedgerVersionNotFound.
    """
    ledger = Ledger(org_id, portfolio_id)
    portfolio = find_at(connection, ledger, version)
    # At its version: between the two reads, the ledger may have changed.
    transactions = tuple(transaction_store.list_all(connection, ledger, portfolio.version))
    return replace(portfolio, transactions=len(transactions)), transactions


def known_splits(connection: AnyReader, org_id: int, transactions: Iterable[Transaction]) -> Mapping[str, Sequence[Split]]:
    """The splits that are known of the tickers of a ledger."""
    return prices.known_splits(connection, org_id, {each.ticker for each in transactions if each.ticker is not None})


def first_currencies(transactions: Iterable[Transaction]) -> dict[str, str]:
    """The currency of the first transaction of each ticker, as `Entries.first_currencies` has it: that of prices of which nobody tells."""
    first: dict[str, tuple[date, int, str]] = {}
    for each in transactions:
        if each.ticker is not None and each.type is not TransactionType.SPLIT:
            place = (each.day, CODE[each.type], major_of(each.currency)[0])
            first[each.ticker] = min(place, first.get(each.ticker, place))
    return {ticker: currency for ticker, (_, _, currency) in first.items()}


def rates_of(connection: AnyReader, org_id: int, base_currency: str, currencies: Iterable[str]) -> Rate:
    """The rates of some currencies, minor units among them, into a base currency."""
    lines: dict[str, RateLine] = {}
    for currency in {major_of(currency)[0] for currency in set(currencies)} - {base_currency}:
        with suppress(RateNotFound):
            lines[currency] = rates_between(connection, org_id, currency, base_currency)

    def rate(currency: str, day: date) -> Decimal | None:
        value = lines[currency].at(day).value if currency in lines else None
        return None if value is None else Decimal(repr(value))

    return rate
