"""Portfolios: make, change and delete them. The interface for other features: functions run within the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from unicodedata import normalize

from sqlalchemy import Connection

from database import AnyReader
from features.portfolios.books import read_ledger
from features.portfolios.dividends import Confirmation, proposed_dividends
from features.portfolios.dividends import confirm as confirm_dividends
from features.portfolios.dividends import dismiss as dismiss_dividends
from features.portfolios.holdings import HoldingsOrder, holdings
from features.portfolios.keeping import Booked, BookKeeper
from features.portfolios.ledger import add_transaction, add_transactions, correct_transaction, find_to_change, remove_transaction
from features.portfolios.statements import MonthlyIncome, Period, income_in, open_lots, realised_in
from features.portfolios.store import portfolio as portfolio_store
from features.portfolios.store import transaction as transaction_store
from features.portfolios.store.transaction import Ledger, TransactionFilter
from infrastructure.value_lines import ValueLines
from models.portfolio import MOST_PORTFOLIOS, CostMethod, Portfolio, Transaction
from models.portfolio_errors import (
    BenchmarkUnfit,
    PortfolioExists,
    PortfolioNotFound,
    RatesAreBooked,
    TooManyPortfolios,
    TransactionNotFound,
)
from utils.clock import now
from utils.ids import is_id, new_id

__all__ = [
    "BookKeeper",
    "Booked",
    "Changes",
    "Confirmation",
    "HoldingsOrder",
    "Ledger",
    "MonthlyIncome",
    "Period",
    "Terms",
    "TransactionFilter",
    "absent_portfolios",
    "add_transaction",
    "add_transactions",
    "change",
    "confirm_dividends",
    "correct_transaction",
    "create",
    "delete",
    "dismiss_dividends",
    "find",
    "find_to_change",
    "find_transaction",
    "holdings",
    "income_in",
    "list_portfolios",
    "list_transactions",
    "name_key",
    "names_of",
    "open_lots",
    "proposed_dividends",
    "read_ledger",
    "realised_in",
    "remove_transaction",
    "require_benchmark",
    "tickers_of",
]  # fmt: skip


@dataclass(frozen=True)
class Terms:
    """How a portfolio is called and booked."""

    name: str
    base_currency: str
    benchmark: str | None
    cost_method: CostMethod


@dataclass(frozen=True)
class Changes:
    """Changes of a portfolio: the fields that are `given`. `version` is the one that the portfolio must be at."""

    given: frozenset[str]
    name: str | None = None
    base_currency: str | None = None
    benchmark: str | None = None
    cost_method: CostMethod | None = None
    version: int | None = None

    def applied(self, portfolio: Portfolio) -> Portfolio:
        """The portfolio with these changes."""
        fields = ("name", "base_currency", "benchmark", "cost_method")
        return replace(portfolio, **{name: getattr(self, name) for name in fields if name in self.given})


def name_key(name: str) -> str:
    """A name as it is compared, so that no two portfolios look alike."""
    return " ".join(normalize("NFKC", normalize("NFKC", name).casefold()).split())


def list_portfolios(connection: AnyReader, org_id: int, after: str, limit: int) -> list[Portfolio]:
    """Portfolios by name, after one with this `name_key`."""
    return portfolio_store.list_portfolios(connection, org_id, after, limit)


def find(connection: AnyReader, org_id: int, portfolio_id: str) -> Portfolio:
    """One portfolio. Raises PortfolioNotFound."""
    found = portfolio_store.find(connection, org_id, portfolio_id) if is_id(portfolio_id) else None
    if found is None:
        raise PortfolioNotFound(portfolio_id)
    return found


def names_of(connection: AnyReader, org_id: int, ids: Iterable[str]) -> dict[str, str]:
    """The names of those of some ids that are portfolios of an organization."""
    return portfolio_store.names_of(connection, org_id, list(filter(is_id, ids)))


def absent_portfolios(connection: AnyReader, org_id: int, portfolio_ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The places among some ids, as `portfolios.0`, that name no portfolio of an organization, each with a sentence."""
    for number, portfolio_id in enumerate(portfolio_ids):
        try:
            find(connection, org_id, portfolio_id)
        except PortfolioNotFound as error:
            yield f"portfolios.{number}", str(error)


def tickers_of(connection: Connection, org_id: int, portfolio_id: str) -> list[str] | None:
    """The tickers that a portfolio holds, ascending; None for a portfolio that the organization does not have."""
    if not is_id(portfolio_id) or portfolio_store.find(connection, org_id, portfolio_id) is None:
        return None
    return portfolio_store.list_tickers(connection, org_id, portfolio_id)


def create(connection: Connection, org_id: int, terms: Terms, most: int = MOST_PORTFOLIOS) -> Portfolio:
    """Make an empty portfolio. Raises PortfolioExists or TooManyPortfolios."""
    portfolio_store.lock_portfolios(connection, org_id)
    if portfolio_store.count(connection, org_id) >= most:
        raise TooManyPortfolios(most)
    moment = now()
    new = Portfolio(new_id(), **vars(terms), version=1, transactions=0, holdings=0, created_at=moment, updated_at=moment)
    if not portfolio_store.insert(connection, org_id, new, name_key(new.name)):
        raise PortfolioExists(new.name)
    portfolio_store.insert_terms(connection, org_id, new)
    return new


def require_benchmark(connection: AnyReader, lines: ValueLines, ledger: Ledger, reference: str | None) -> None:
    """Raise BenchmarkUnfit for an id that names no portfolio and no index of the organization, or the portfolio itself.

    A ticker may be named before it has prices.
    """
    if reference is None or not is_id(reference):
        return
    if reference == ledger.portfolio_id or not lines.has(connection, ledger.org_id, reference):
        raise BenchmarkUnfit(reference, ledger.portfolio_id)


def change(connection: Connection, ledger: Ledger, changes: Changes) -> Portfolio:
    """Change a portfolio. Raises PortfolioNotFound, PortfolioChanged, PortfolioExists, or RatesAreBooked for another base currency."""
    stored = find_to_change(connection, ledger, changes.version)
    changed = changes.applied(stored)
    if changed == stored:
        return stored
    if changed.base_currency != stored.base_currency and transaction_store.has_rates(connection, ledger):
        raise RatesAreBooked(stored.base_currency)
    changed = replace(changed, version=stored.version + 1, updated_at=now())
    if not portfolio_store.update(connection, ledger.org_id, changed, name_key(changed.name)):
        raise PortfolioExists(changed.name)
    if changed != replace(stored, name=changed.name, version=changed.version, updated_at=changed.updated_at):
        portfolio_store.insert_terms(connection, ledger.org_id, changed)
    return changed


def delete(connection: Connection, ledger: Ledger) -> Portfolio:
    """Delete a portfolio with its ledger; return what it was. Raises PortfolioNotFound."""
    stored = find_to_change(connection, ledger)
    portfolio_store.delete(connection, ledger.org_id, stored.id)
    return stored


def list_transactions(
    connection: AnyReader, ledger: Ledger, chosen: TransactionFilter, before: transaction_store.Place | None, limit: int
) -> list[Transaction]:
    """Transactions that stand, newest first, after the place where the page before has ended. Raises PortfolioNotFound."""
    find(connection, *ledger)
    return transaction_store.list_page(connection, ledger, chosen, before, limit)


def find_transaction(connection: AnyReader, ledger: Ledger, transaction_id: str) -> Transaction:
    """A transaction that stands. Raises PortfolioNotFound or TransactionNotFound."""
    find(connection, *ledger)
    found = transaction_store.find(connection, ledger, transaction_id) if is_id(transaction_id) else None
    if found is None:
        raise TransactionNotFound
    return found
