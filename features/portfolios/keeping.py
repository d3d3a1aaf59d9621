"""Keeps the books of portfolios: what a version of a ledger comes to by a day, as long as splits and rates stay as they were."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias

from cachetools import LRUCache

from analysis.lots import Terms, book, splits_in_effect
from database import AnyReader
from features.currencies import service as currencies
from features.portfolios.books import find_at, first_currencies, rates_of, read_ledger
from features.portfolios.store.transaction import Ledger
from features.prices import service as prices
from infrastructure.foundation import Foundation
from models.books import Books
from models.corporate_action import Split
from models.portfolio import Portfolio
from utils.clock import today

KEPT_BYTES = 64_000_000  # in a process: the books of a ledger of 50,000 transactions, or of many usual ones
_BYTES_OF_AN_ITEM, _BYTES_OF_BOOKS = 320, 10_000
Splits: TypeAlias = Mapping[str, Sequence[Split]]
_Key: TypeAlias = tuple[Ledger, int, date]


@dataclass(frozen=True)
class Booked:
    """A portfolio at a version, with its books by a day, and by ticker the splits that they were booked with and first currencies."""

    portfolio: Portfolio
    books: Books
    splits: Splits
    currencies: Mapping[str, str]


@dataclass(frozen=True)
class _Basis:
    """What books depend on beside the ledger: the splits of its tickers, and the rates of the currencies that it tells none of."""

    tickers: frozenset[str]
    unrated: frozenset[str]
    splits: Splits = field(default_factory=dict)
    rate_digests: Mapping[str, str] = field(default_factory=dict)

    def as_stored(self, connection: AnyReader, org_id: int, base_currency: str) -> _Basis:
        """The same as it is stored now."""
        splits = prices.known_splits(connection, org_id, self.tickers)
        converted = self.unrated - {base_currency}
        digests = currencies.rate_digests(connection, org_id, (*converted, base_currency)) if converted else {}
        return _Basis(self.tickers, self.unrated, splits, digests)


@dataclass(frozen=True)
class _Kept:
    basis: _Basis
    transactions: int
    books: Books
    splits: Splits
    currencies: Mapping[str, str]

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        books = self.books
        lists = (books.lots, books.realised, books.income, books.charges, books.flows, books.moves, books.cash_moves)
        return _BYTES_OF_BOOKS + _BYTES_OF_AN_ITEM * sum(map(len, lists))


class BookKeeper:
    """Books the portfolios of a process. Thread-safe."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept: LRUCache[_Key, _Kept] = LRUCache(kept_bytes, getsizeof=lambda kept: kept.size)
        self._lock = threading.Lock()  # LRUCache is not thread-safe

    @classmethod
    def of(cls, foundation: Foundation) -> BookKeeper:
        """That of a process."""
        return cls()

    def booked(self, connection: AnyReader, ledger: Ledger, as_of: date | None = None, version: int | None = None) -> Booked:
        """The books of a portfolio by a day, None for today, at a version of its ledger, None for the newest.

        Raises PortfolioNotFound or LedgerVersionNotFound.
        """
        portfolio = find_at(connection, ledger, version)
        key = (ledger, portfolio.version, as_of or today())
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or kept.basis != kept.basis.as_stored(connection, ledger.org_id, portfolio.base_currency):
            kept = _book(connection, ledger, portfolio, key[-1])
            with self._lock:
                if kept.size <= self._kept.maxsize:
                    self._kept[key] = kept
        return Booked(replace(portfolio, transactions=kept.transactions), kept.books, kept.splits, kept.currencies)


def _book(connection: AnyReader, ledger: Ledger, portfolio: Portfolio, until: date) -> _Kept:
    _, transactions = read_ledger(connection, *ledger, portfolio.version)
    tickers = frozenset(each.ticker for each in transactions if each.ticker is not None)
    unrated = frozenset(each.currency for each in transactions if each.fx_rate is None)
    # Looked at before the rates are read: if these change meanwhile, the books are made again the next time.
    basis = _Basis(tickers, unrated).as_stored(connection, ledger.org_id, portfolio.base_currency)
    splits = splits_in_effect(transactions, basis.splits)
    rate = rates_of(connection, ledger.org_id, portfolio.base_currency, unrated)
    books = book(transactions, basis.splits, Terms(portfolio.base_currency, portfolio.cost_method, until, rate))
    return _Kept(basis, len(transactions), books, splits, first_currencies(transactions))
