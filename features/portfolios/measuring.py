"""Tells how a portfolio did: by what is stored now, or again by a pricing pack and an earlier version of its ledger."""

from __future__ import annotations

from dataclasses import replace

from analysis.held import Days
from database import AnyReader, Database
from features.portfolios import packs
from features.portfolios.packing import NoLine, pack_of, unpacked
from features.portfolios.performance import Measured, Stretch, performance_of, series_of
from features.portfolios.sources import LedgerArrays, Sources, currencies_of, ledger_at, sources_of, with_rates
from features.portfolios.store import portfolio as portfolio_store
from features.portfolios.store.transaction import Ledger
from features.portfolios.valuing import Valued, Valuer, value
from infrastructure.foundation import Foundation
from infrastructure.value_lines import LineNotFound, ValueLine, ValueLines
from models.errors import TickerNotFound
from models.performance import PackReference, Performance, PerformanceOrder, PerformanceSeries
from models.performance_errors import NothingToValue, PackIncomplete
from utils.ids import is_id

_GONE = "The benchmark is gone: there is no portfolio and no index with the id {} any more. Give the portfolio another one, or none."
_EMPTY = "The portfolio that it is measured by has nothing to value yet."


class Measuring:
    """Measures the portfolios of a process. Thread-safe."""

    def __init__(self, database: Database, valuer: Valuer, lines: ValueLines) -> None:
        self._database, self._valuer, self._lines = database, valuer, lines

    @classmethod
    def of(cls, foundation: Foundation) -> Measuring:
        """That of a process."""
        return cls(foundation.database, foundation.part(Valuer.of), foundation.lines)

    def performance(self, ledger: Ledger, order: PerformanceOrder) -> Performance:
        """How a portfolio did. What it is computed from is kept as a pricing pack, which the answer names.

        Raises PortfolioNotFound, NothingToValue, NoDaysInPeriod or PricesDamaged; with a pack or a version of the ledger also PackNotFound,
        PackIncomplete or LedgerVersionNotFound.
        """
        stretch, measured, reference = self._measured(ledger, order)
        return performance_of(ledger.portfolio_id, stretch, measured, (reference,))

    def series(self, ledger: Ledger, order: PerformanceOrder) -> PerformanceSeries:
        """The lines of the same by day. Raises what `performance` does."""
        stretch, measured, _ = self._measured(ledger, order)
        return series_of(stretch, measured)

    def _measured(self, ledger: Ledger, order: PerformanceOrder) -> tuple[Stretch, Measured | None, PackReference]:
        if order.pack is not None or order.ledger is not None:
            valued, line, reference = self._again(ledger, order)
        else:
            valued, line, reference = self._now(ledger)
        beside = None if line is None or valued.ledger.benchmark is None else _measured(line, valued)
        return Stretch(valued, order), beside, reference

    def _now(self, ledger: Ledger) -> tuple[Valued, ValueLine | NoLine | None, PackReference]:
        with self._database.reader() as reader:
            valued = self._valuer.newest(reader, ledger)
            valued, line = self._with_benchmark(reader, ledger, valued)
        return valued, line, self._keep(ledger, valued, line)

    def _again(self, ledger: Ledger, order: PerformanceOrder) -> tuple[Valued, ValueLine | NoLine | None, PackReference]:
        with self._database.reader() as reader:
            arrays = ledger_at(reader, ledger, order.ledger, None)
            if order.pack is None:
                valued = value(arrays, sources_of(reader, ledger.org_id, arrays, None))
                valued, line = self._with_benchmark(reader, ledger, valued)
            else:
                pack, lines = packs.read(reader, ledger.org_id, order.pack)
                sources, line = unpacked(lines, arrays.base_currency)
                if line is None and arrays.benchmark is not None:
                    line = self._missing(reader, ledger, arrays.benchmark)
        if order.pack is None:
            return valued, line, self._keep(ledger, valued, line)
        _check_complete(arrays, sources, line)
        return value(arrays, sources), line, PackReference(pack.day, pack.digest)

    def _with_benchmark(self, reader: AnyReader, ledger: Ledger, valued: Valued) -> tuple[Valued, ValueLine | NoLine | None]:
        """The line of the benchmark, if there is one, and the rates of its currency among the sources."""
        reference = valued.ledger.benchmark
        if reference is None:
            return valued, None
        if reference == ledger.portfolio_id:
            return valued, self._missing(reader, ledger, reference)
        line = valued.sources.benchmarks.get(reference)
        if line is None:
            try:
                line = self._lines.find(reader, ledger.org_id, reference)
            except (LineNotFound, TickerNotFound, NothingToValue):
                return valued, self._missing(reader, ledger, reference)
            if not is_id(reference):
                valued.sources.benchmarks[reference] = line
        if line.currency is None or line.currency == valued.ledger.base_currency or line.currency in valued.sources.rates:
            return valued, line
        sources = with_rates(reader, ledger.org_id, valued.sources, [line.currency], None)
        return replace(valued, sources=sources), line

    def _missing(self, reader: AnyReader, ledger: Ledger, reference: str) -> NoLine:
        """A benchmark without a line, and why it has none."""
        if not is_id(reference):
            return NoLine(reference, f"There are no prices of {reference}. Upload or fetch them.")
        if reference == ledger.portfolio_id:
            return NoLine(reference, "A portfolio is not measured by itself. Give it another benchmark, or none.")
        is_there = portfolio_store.find(reader, ledger.org_id, reference) is not None
        return NoLine(reference, _EMPTY if is_there else _GONE.format(reference))

    def _keep(self, ledger: Ledger, valued: Valued, line: ValueLine | NoLine | None) -> PackReference:
        return packs.keep(self._database, ledger.org_id, pack_of(valued.market.days[-1].item(), valued.sources, line))


def _measured(line: ValueLine | NoLine, valued: Valued) -> Measured:
    if isinstance(line, NoLine):
        return Measured(line.reference, None, None, line.reason)
    days: Days = valued.valuation.market.days
    base_currency = valued.ledger.base_currency
    if line.currency is not None and line.currency != base_currency and line.currency not in valued.sources.rates:
        return Measured(line.reference, line, None)
    return Measured(line.reference, line, valued.sources.rates_on(line.currency or base_currency, days))


def _check_complete(arrays: LedgerArrays, sources: Sources, line: ValueLine | NoLine | None) -> None:
    """Raises PackIncomplete."""
    if line is not None and arrays.benchmark is not None and line.reference != arrays.benchmark:
        raise PackIncomplete(f"line of {arrays.benchmark}")
    for ticker in arrays.entries.tickers:
        if ticker not in sources.tickers:
            raise PackIncomplete(f"line of {ticker}")
    for currency in sorted(currencies_of(arrays, sources) - sources.rates.keys() - sources.unrated - {sources.base_currency}):
        raise PackIncomplete(f"rates of {currency} in {sources.base_currency}")
