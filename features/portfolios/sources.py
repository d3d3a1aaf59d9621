"""What a portfolio is valued by: its ledger as arrays, prices and splits of its tickers, and rates. What has changed is read again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from analysis.bars import FloatArray
from analysis.entries import Entries
from analysis.held import Days, HeldCloses
from analysis.lots import joined_splits
from analysis.market import Quotes
from database import AnyReader
from features.currencies import service as currencies
from features.currencies.service import RateLine
from features.portfolios.store import entry as entry_store
from features.portfolios.store import portfolio as portfolio_store
from features.portfolios.store.transaction import Ledger
from features.prices import service as prices
from infrastructure.value_lines import ValueLine
from models.corporate_action import Split
from models.currency import major_of
from models.portfolio_errors import LedgerVersionNotFound, PortfolioNotFound
from utils.ids import is_id

Splits = Mapping[str, tuple[Split, ...]]


@dataclass(frozen=True)
class LedgerArrays:
    """The ledger of a portfolio at a version, and what it was booked by then. `splits` are its own, by ticker."""

    version: int
    base_currency: str
    benchmark: str | None
    entries: Entries
    splits: Splits


def ledger_at(connection: AnyReader, ledger: Ledger, version: int | None, kept: LedgerArrays | None) -> LedgerArrays:
    """The ledger at a version, by default the newest; of what is kept, only what is new is read.

    Raises PortfolioNotFound or LedgerVersionNotFound.
    """
    found = portfolio_store.find(connection, *ledger) if is_id(ledger.portfolio_id) else None
    if found is None:
        raise PortfolioNotFound(ledger.portfolio_id)
    if version is None or version == found.version:
        version, base_currency, benchmark = found.version, found.base_currency, found.benchmark
    elif 1 <= version < found.version:
        base_currency, benchmark, _ = portfolio_store.find_terms(connection, *ledger, version)
    else:
        raise LedgerVersionNotFound(version, found.version)
    if kept is not None and kept.version == version:
        return kept
    entries, splits = _entries_at(connection, ledger, version, kept)
    return LedgerArrays(version, base_currency, benchmark, entries.at_par(base_currency), splits)


def _entries_at(connection: AnyReader, ledger: Ledger, version: int, kept: LedgerArrays | None) -> tuple[Entries, Splits]:
    more = entry_store.read_since(connection, ledger, kept.version, version) if kept is not None and kept.version < version else None
    if kept is None or more is None:
        read = entry_store.read_at(connection, ledger, version)
        return read.entries, _by_ticker(read.splits)
    splits = _by_ticker([*((ticker, split) for ticker, known in kept.splits.items() for split in known), *more.splits])
    return (kept.entries.joined(more.entries) if len(more.entries) else kept.entries), splits


def _by_ticker(splits: Iterable[tuple[str, Split]]) -> Splits:
    found: dict[str, list[Split]] = defaultdict(list)
    for ticker, split in splits:
        found[ticker].append(split)
    return {ticker: tuple(sorted(known)) for ticker, known in sorted(found.items())}


@dataclass(frozen=True)
class Sources:
    """Prices, splits and rates of a ledger's tickers and currencies. Those of equal `tickers`, `state` and `rate_digests` are equal.

    `reported` are splits that somebody told of, with prices or without. `rates` are lines into `base_currency`; `unrated` are the
    currencies that have none. `state` is of the benchmark as well, if it is a ticker.
    """

    base_currency: str
    tickers: tuple[str, ...]
    held: Mapping[str, HeldCloses]
    reported: Splits
    rates: Mapping[str, RateLine]
    state: str
    rate_digests: Mapping[str, str]
    unrated: frozenset[str] = frozenset()
    # The line of the benchmark by its ticker, and what packing has made of the prices, and of all, to be used again.
    benchmarks: dict[str, ValueLine] = field(default_factory=dict, compare=False)
    lines: list[Any] = field(default_factory=list, compare=False)
    packs: dict[Any, Any] = field(default_factory=dict, compare=False)

    @cached_property
    def last_days(self) -> Mapping[str, date]:
        """The day of the newest close of each ticker that has any."""
        return {ticker: held.last_day for ticker, held in self.held.items()}

    def quotes(self, own: Splits) -> Quotes:
        """The prices with the splits of the ledger beside those that are reported."""
        joined = {ticker: tuple(joined_splits(splits, self.reported.get(ticker, ()))) for ticker, splits in own.items()}
        return Quotes(self.held, {**self.reported, **joined})

    def rates_on(self, currency: str, days: Days) -> FloatArray:
        """The rates of a currency on some days; NaN where there is none."""
        if currency == self.base_currency:
            return np.ones(len(days))
        line = self.rates.get(currency)
        return np.full(len(days), np.nan) if line is None else line.on(days)


def sources_of(connection: AnyReader, org_id: int, arrays: LedgerArrays, kept: Sources | None) -> Sources:
    """The sources of a ledger as they are stored; of what is kept, only what has changed is read. Raises PricesDamaged."""
    tickers = arrays.entries.tickers
    watched = {*tickers, arrays.benchmark} if arrays.benchmark is not None and not is_id(arrays.benchmark) else tickers
    state = prices.held_state(connection, org_id, watched)  # before what it tells of: what changes meanwhile is read again the next time
    if kept is not None and (kept.tickers, kept.state) == (tickers, state):
        held, reported = kept.held, kept.reported
    else:
        usable = {} if kept is None else {ticker: kept.held[ticker] for ticker in kept.held.keys() - prices.differing(kept.state, state)}
        read = prices.held_closes_of(connection, org_id, [ticker for ticker in tickers if ticker not in usable])
        held = {ticker: usable[ticker] for ticker in tickers if ticker in usable} | read
        reported = prices.known_splits(connection, org_id, tickers)
    found = Sources(arrays.base_currency, tickers, held, reported, {}, state, {})
    return with_rates(connection, org_id, found, currencies_of(arrays, found), kept)


def with_rates(connection: AnyReader, org_id: int, found: Sources, wanted: Iterable[str], kept: Sources | None) -> Sources:
    """The same with the rates of some currencies besides."""
    needed = sorted({*wanted, *found.rates, *found.unrated} - {found.base_currency})
    if not needed:
        return found
    digests = currencies.rate_digests(connection, org_id, (*needed, found.base_currency))
    if kept is not None and (kept.base_currency, kept.rate_digests) == (found.base_currency, digests) and set(needed) <= set(kept.rates):
        return replace(found, rates={name: kept.rates[name] for name in needed}, rate_digests=digests, packs={})
    rates = currencies.rates_known(connection, org_id, needed, found.base_currency)
    return replace(found, rates=rates, rate_digests=digests, unrated=frozenset(needed) - rates.keys(), packs={})


def currencies_of(arrays: LedgerArrays, found: Sources) -> set[str]:
    """The currencies of the ledger and of its prices."""
    quoted = {held.currency for held in found.held.values()}
    return {*arrays.entries.currencies, *(major_of(currency)[0] for currency in quoted if currency is not None)}
