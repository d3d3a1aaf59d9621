"""How a portfolio did over a period, from the values of its days."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import compress, repeat

import numpy as np
from numpy.typing import NDArray

from analysis.bars import BoolArray, FloatArray
from analysis.gains import CURRENCY, DEFINITIONS, GAIN, INTERACTION, LOCAL, Gains, gains_between
from analysis.held import Days
from analysis.market import SILENT
from analysis.risk import FEWEST_VALUES, deepest_falls, metrics_beside, risk_metrics
from analysis.time_weighted import DIETZ, TWR, average_capital, chained
from analysis.xirr import MWR, xirr
from features.portfolios.valuing import Valued
from infrastructure.value_lines import ValueLine
from models.metric import Metric
from models.performance import (
    Attribution,
    BenchmarkPerformance,
    HoldingPerformance,
    MoneyWeightedReturn,
    PackReference,
    Performance,
    PerformanceOrder,
    PerformanceSeries,
    Remarks,
    SilentPrice,
    Span,
)
from models.performance_errors import NoDaysInPeriod
from models.risk import Fall

TOTAL = "total"
FEWEST_FOR_RETURN = 2  # values of a benchmark: those of two days
# The numbers of HoldingPerformance up to the gain, in its order.
_HELD = ("start", "end", "bought", "local", "currency", "interaction", "dividends", "interest", "fees", "taxes")
CONTRIBUTION = "The gain over the average capital of the portfolio: those of all holdings and of cash add up to modified Dietz."
BOUGHT = "What came to the holding less what left it, at the prices of purchases and sales; shares that were transferred at the close."
_ATTRIBUTION = {
    "bought": BOUGHT, "local": LOCAL, "currency": CURRENCY, "interaction": INTERACTION, "gain": GAIN, "contribution": CONTRIBUTION,
}  # fmt: skip
_NO_VALUES = "It has no values in this period."
_NO_RATES = "There are no exchange rates of its currency in this period."


@dataclass(frozen=True)
class Measured:
    """The benchmark of a portfolio: its line, and the rates of its currency on the days of the portfolio; None where there are none.

    `missing` says why there is no line.
    """

    reference: str
    line: ValueLine | None
    rates: FloatArray | None
    missing: str | None = None

    def on(self, days: Days) -> FloatArray:
        """Its values in the base currency, carried for a week at most, and not at all where it has ended; NaN where there is none."""
        values = np.full(len(days), np.nan)
        if self.line is not None and self.rates is not None:
            rows = np.searchsorted(self.line.days, days, side="right") - 1
            age = (days - self.line.days[np.maximum(rows, 0)]).astype(np.int64)
            known = (rows >= 0) & (age <= SILENT)
            if age[-1] > SILENT:
                known &= (rows < rows[-1]) | (age == 0)
            values[known] = self.line.values[rows[known]] * self.rates[known]
        return values


class Stretch:
    """The days of a portfolio from `first` to `last`, places among all of its days."""

    def __init__(self, valued: Valued, order: PerformanceOrder) -> None:
        """Raises NoDaysInPeriod."""
        self.valued, self.order = valued, order
        self.valuation = valued.valuation
        days = self.valuation.market.days
        start, end = order.period.until(days[-1].item())
        self.first = 0 if start is None else max(0, int(np.searchsorted(days, np.datetime64(start), side="right")) - 1)
        self.last = int(np.searchsorted(days, np.datetime64(end), side="right")) - 1
        if self.last <= self.first:
            raise NoDaysInPeriod(days[0].item(), days[-1].item())
        self._rows = slice(self.first, self.last + 1)

    @cached_property
    def days(self) -> Days:
        """The days, of which the first one is the start."""
        return self.valuation.market.days[self._rows]

    @cached_property
    def values(self) -> FloatArray:
        """The value of each."""
        return self.valuation.value[self._rows]

    @cached_property
    def flows(self) -> FloatArray:
        """What came from outside after the start."""
        return self.valuation.flows[self.first + 1 : self.last + 1]

    @cached_property
    def growth(self) -> FloatArray:
        """What 1 at the start has become on each day."""
        return chained(self.valuation.growth.factors[self.first : self.last])

    @cached_property
    def gains(self) -> Gains:
        """What was gained."""
        return gains_between(self.valuation, self.first, self.last)

    @cached_property
    def capital(self) -> float:
        """The average capital."""
        moved = np.flatnonzero(self.flows)
        since = self.days[0] if self.values[0] or not len(moved) else self.days[1:][moved[0]]
        numbers: NDArray[np.float64] = (self.days[1:] - since).astype(np.float64)
        return average_capital(float(self.values[0]), self.flows, numbers, float(numbers[-1]))


def performance_of(portfolio_id: str, stretch: Stretch, measured: Measured | None, packs: tuple[PackReference, ...]) -> Performance:
    """The performance of a portfolio over a stretch of its days."""
    gains, values, order = stretch.gains, stretch.values, stretch.order
    ledger = stretch.valued.ledger
    metrics = drawdown = None
    if len(values) >= FEWEST_VALUES and stretch.growth.min() > 0:
        metrics = risk_metrics(stretch.growth, order.rate)
        drawdown = _drawdown(stretch)
    beside = None if measured is None else _Beside(stretch, measured)
    return Performance(
        portfolio_id=portfolio_id,
        ledger_version=ledger.version,
        packs=packs,
        currency=ledger.base_currency,
        period=order.period.text,
        first_day=stretch.days[0].item(),
        last_day=stretch.days[-1].item(),
        days=len(values) - 1,
        start_value=float(values[0]),
        end_value=float(values[-1]),
        flows=float(stretch.flows.sum()),
        twr=Metric(float(stretch.growth[-1]) - 1, TWR),
        mwr=_money_weighted(stretch),
        dietz=Metric(float(gains.total) / stretch.capital if stretch.capital > 0 else None, DIETZ),
        gain={TOTAL: Metric(float(gains.total), GAIN)}
        | {name: Metric(float(part), DEFINITIONS[name]) for name, part in gains.parts.items()},
        attribution=_attribution(stretch),
        risk=metrics,
        drawdown=drawdown,
        benchmark=None if beside is None else beside.performance(),
        remarks=_remarks(stretch),
        series=_series(stretch, beside) if order.series else None,
    )


def series_of(stretch: Stretch, measured: Measured | None) -> PerformanceSeries:
    """The lines of a stretch by day."""
    return _series(stretch, None if measured is None else _Beside(stretch, measured))


def _series(stretch: Stretch, beside: _Beside | None) -> PerformanceSeries:
    invested = np.cumsum(stretch.valuation.flows[: stretch.last + 1])[stretch.first :]
    return PerformanceSeries(
        days=tuple(stretch.days.tolist()),
        value=tuple(stretch.values.tolist()),
        invested=tuple(invested.tolist()),
        twr=tuple((stretch.growth - 1).tolist()),
        benchmark=None if beside is None else beside.returns(),
    )


def _money_weighted(stretch: Stretch) -> MoneyWeightedReturn:
    days = np.concatenate((stretch.days[:1], stretch.days[1:], stretch.days[-1:]))
    amounts = np.concatenate((-stretch.values[:1], -stretch.flows, stretch.values[-1:]))
    found = xirr(days, amounts)
    return MoneyWeightedReturn(found.value, MWR, found.annualised, found.reason)


def _drawdown(stretch: Stretch) -> Fall | None:
    falls = deepest_falls(stretch.growth, 1)
    if not falls:
        return None
    days = stretch.days
    fall = falls[0]
    return Fall(
        fall.depth, days[fall.peak].item(), days[fall.trough].item(), None if fall.recovered is None else days[fall.recovered].item()
    )


def _attribution(stretch: Stretch) -> Attribution:
    held = stretch.gains.holdings
    tickers: tuple[str | None, ...] = (*stretch.valuation.entries.tickers, None)
    capital = stretch.capital
    contributions = (held.total / capital).tolist() if capital > 0 else [None] * len(tickers)
    numbers = np.stack([getattr(held, name) for name in _HELD])
    moved: BoolArray = np.any(numbers, axis=0)
    moved[-1] = True  # cash is always told
    lines = zip(tickers, *numbers.tolist(), held.total.tolist(), contributions, strict=True)
    holdings = tuple(HoldingPerformance(*line) for line in compress(lines, moved.tolist()))
    local, currency, interaction = (float(getattr(held, name).sum()) for name in ("local", "currency", "interaction"))
    return Attribution(local, currency, interaction, holdings, _ATTRIBUTION)


def _remarks(stretch: Stretch) -> Remarks:
    valued, valuation = stretch.valued, stretch.valuation
    without = valuation.growth.without_capital[stretch.first : stretch.last]
    first, last = stretch.days[0], stretch.days[-1]
    unvalued = valuation.unvalued
    last_day: date = last.item()
    return Remarks(
        keeps_cash=valuation.entries.keeps_cash,
        lowest_cash=float(valuation.cash[stretch.first : stretch.last + 1].min()),
        unvalued=tuple(
            _spans(valued.market.days, unvalued[(unvalued > first) & ((unvalued <= last) | (last == valuation.market.days[-1]))])
        ),
        without_capital=tuple(stretch.days[1:][without].tolist()),
        without_prices=valued.without_prices(),
        silent=tuple(SilentPrice(ticker, day) for ticker, day in sorted(valued.silent(last_day).items())),
    )


def _spans(days: Days, some: Days) -> Iterator[Span]:
    """Some of a number of days, in stretches."""
    places = np.searchsorted(days, some)
    for stretch in np.split(some, np.flatnonzero(np.diff(places) > 1) + 1):
        if len(stretch):
            yield Span(stretch[0].item(), stretch[-1].item())


class _Beside:
    """A benchmark beside a stretch, on the days on which it has a value."""

    def __init__(self, stretch: Stretch, measured: Measured) -> None:
        self._stretch, self._measured = stretch, measured
        self._values = measured.on(stretch.valuation.market.days)[stretch.first : stretch.last + 1]
        self._known = np.flatnonzero(~np.isnan(self._values))

    def returns(self) -> tuple[float | None, ...] | None:
        """The return since its first value on each day; None before. On the day before a portfolio begins, it is 0 as on its first."""
        if not len(self._known):
            return None
        first = int(self._known[0])
        if first == 1 and not self._stretch.values[0]:
            return (0.0, *self._returns_from(1))
        return (*repeat(None, first), *self._returns_from(first))

    def _returns_from(self, first: int) -> list[float | None]:
        returns = self._values[first:] / self._values[first] - 1
        values: list[float | None] = returns.tolist()
        if len(self._known) < len(values):  # an exchange rate is missing in between
            values = [None if math.isnan(value) else value for value in returns.tolist()]
        return values

    def performance(self) -> BenchmarkPerformance:
        """Its numbers, and those of the portfolio against it, on the days that both have."""
        line = self._measured.line
        kind, name, currency = (None, None, None) if line is None else (str(line.kind), line.name, line.currency)
        found = BenchmarkPerformance(self._measured.reference, kind, name, currency, None, None, 0, None, {}, None)
        if len(self._known) < FEWEST_FOR_RETURN:
            reason = _NO_RATES if line is not None and self._measured.rates is None else _NO_VALUES
            return replace(found, reason=self._measured.missing or reason)
        own, theirs = self._stretch.growth[self._known], self._values[self._known]
        days = self._stretch.days[self._known]
        return replace(
            found,
            first_day=days[0].item(),
            last_day=days[-1].item(),
            days=len(days) - 1,
            total_return=float(theirs[-1] / theirs[0]) - 1,
            metrics=metrics_beside(own, theirs, self._stretch.order.rate) if len(own) >= FEWEST_VALUES and own.min() > 0 else {},
        )
