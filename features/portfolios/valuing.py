"""Values portfolios, and keeps what that took: after a transaction, only it is read, and prices are read again where they have changed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from cachetools import LRUCache

from analysis.bars import FloatArray
from analysis.entries import Entries
from analysis.market import SILENT, became, market_of, still_held
from analysis.returns import drawdown_of
from analysis.time_weighted import chained
from analysis.valuation import Market, Valuation, added_shares, valuate
from database import AnyReader
from features.portfolios.sources import LedgerArrays, Sources, ledger_at, sources_of
from features.portfolios.store.transaction import Ledger
from infrastructure.foundation import Foundation
from models.performance_errors import NothingBooked, NothingToValue

KEPT_BYTES = 64_000_000  # in a process: the prices of some thousand tickers
_BYTES_OF_AN_ENTRY = 72


@dataclass(frozen=True)
class Valued:
    """A portfolio with the value of each of its days. `market` has those as well that have no value."""

    ledger: LedgerArrays
    sources: Sources
    market: Market
    shares: FloatArray
    valuation: Valuation

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        closes = sum(held.days.nbytes + held.delivered.nbytes for held in self.sources.held.values())
        return closes + 2 * self.market.prices.nbytes + len(self.ledger.entries) * _BYTES_OF_AN_ENTRY + len(self.sources.state)

    def last_values(self) -> dict[str, float]:
        """What each ticker that is held at the end is worth then, in the base currency."""
        valuation, tickers = self.valuation, self.ledger.entries.tickers
        values = np.zeros(len(tickers))
        for position in valuation.positions():
            values[position.first : position.end] = position.values[:, -1] * valuation.rates[-1, position.currency]
        worth = values[valuation.market.place].tolist()
        return {ticker: worth[at] for at, ticker in enumerate(tickers) if worth[at] > 0}

    def weights(self) -> dict[str, float]:
        """The part of the value, with cash, that each ticker takes that is held at the end; of no value there are none."""
        total = float(self.valuation.value[-1])
        return {ticker: value / total if total > 0 else 0.0 for ticker, value in self.last_values().items()}

    @property
    def growth(self) -> FloatArray:
        """What 1 at the start has become on each day."""
        return chained(self.valuation.growth.factors)

    @property
    def last_drawdown(self) -> float:
        """How far the end is below the highest value, as a fraction of at most 0, with what came from outside apart."""
        return float(drawdown_of(self.growth).depth[-1])

    @property
    def last_day(self) -> date:
        """The last day that has a value."""
        day: date = self.valuation.market.days[-1].item()
        return day

    def without_prices(self) -> tuple[str, ...]:
        """The tickers of which no prices are stored."""
        return tuple(ticker for ticker in self.ledger.entries.tickers if ticker not in self.sources.held)

    def silent(self, day: date) -> Mapping[str, date]:
        """The tickers that are held though their last close is older than a week on a day, each with that of the close."""
        quiet = {ticker: last for ticker, last in self.sources.last_days.items() if (day - last).days > SILENT}
        return {ticker: quiet[ticker] for ticker in still_held(self.ledger.entries, self.shares) if ticker in quiet} if quiet else {}


def value(ledger: LedgerArrays, sources: Sources, former: Valued | None = None) -> Valued:
    """The value of each day of a ledger. `former` lends its prices where they are the same. Raises NothingToValue."""
    entries = ledger.entries
    if not len(entries):
        raise NothingBooked("It has no transactions yet. Book some first.")
    if not entries.tickers:
        raise NothingBooked("Only cash is booked so far. It is measured once something is bought.")
    quotes = sources.quotes(ledger.splits)
    shares = added_shares(entries, became(entries, quotes))
    market = market_of(entries, shares, quotes, sources.rates_on, _same_prices(entries, ledger, sources, former))
    valuation = valuate(entries, shares, market)
    if len(valuation.market.days) < 2:
        raise NothingToValue("On none of its days is there a price or a rate for everything in it. Upload what is missing.")
    return Valued(ledger, sources, market, shares, valuation)


def _same_prices(entries: Entries, ledger: LedgerArrays, sources: Sources, former: Valued | None) -> Market | None:
    if former is None or former.ledger.entries.tickers != entries.tickers or former.ledger.splits != ledger.splits:
        return None
    return former.market if former.sources.state == sources.state else None


class Valuer:
    """Values the portfolios of a process. Thread-safe."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept: LRUCache[Ledger, Valued] = LRUCache(kept_bytes, getsizeof=lambda valued: valued.size)
        self._lock = threading.Lock()  # LRUCache is not thread-safe

    @classmethod
    def of(cls, foundation: Foundation) -> Valuer:
        """That of a process."""
        return cls()

    def newest(self, connection: AnyReader, ledger: Ledger) -> Valued:
        """A portfolio as it stands, by what is stored now. Raises PortfolioNotFound, PricesDamaged or NothingToValue."""
        with self._lock:
            former = self._kept.get(ledger)
        arrays = ledger_at(connection, ledger, None, None if former is None else former.ledger)
        sources = sources_of(connection, ledger.org_id, arrays, None if former is None else former.sources)
        if former is not None and _are_same(former.sources, sources):
            if former.ledger is arrays:
                return former
            sources = former.sources
        valued = value(arrays, sources, former)
        with self._lock:
            if valued.size <= self._kept.maxsize:
                self._kept[ledger] = valued
        return valued


def _are_same(one: Sources, other: Sources) -> bool:
    ours, theirs = (
        (each.base_currency, each.tickers, each.state, each.rate_digests, each.rates.keys(), each.unrated) for each in (one, other)
    )
    return ours == theirs
