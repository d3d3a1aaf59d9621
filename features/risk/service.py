"""Measures the risk of a ticker, a portfolio or an index, alone or against a benchmark on the days that both have."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from analysis.bars import FloatArray
from analysis.returns import drawdown_of
from analysis.risk import (
    DEFINITIONS_BESIDE,
    FEWEST_VALUES,
    deepest_falls,
    distribution_of,
    metrics_beside,
    monthly_returns,
    risk_metrics,
    rolling_beside,
    rolling_volatility,
)
from infrastructure.foundation import Foundation
from infrastructure.value_lines import LineKind, ValueLine
from models.currency import major_of
from models.metric import Metric
from models.period import read_period
from models.risk import BenchmarkRisk, Distribution, Fall, Measured, MonthReturn, Risk, RiskOrder, RiskSeries
from models.risk_errors import TooShortForRisk
from utils.json_text import dump

FORM = 3  # of the answer; raised with every change of a definition
FALLS_SHOWN = 10
UNDEFINED = {name: Metric(None, definition) for name, definition in DEFINITIONS_BESIDE.items()}  # without a benchmark


@dataclass(frozen=True)
class Held:
    """The values of what is measured, and of its benchmark, on the same days. Different `tag`s have different values or orders."""

    order: RiskOrder
    tag: str
    line: ValueLine
    beside: ValueLine | None
    days: NDArray[np.datetime64]
    values: FloatArray
    benchmark: FloatArray | None


def hold(foundation: Foundation, org_id: int, order: RiskOrder) -> Held:
    """The daily values of something, and of its benchmark on the days that both have.

    Raises TickerNotFound, LineNotFound, TooShortForRisk, or what the reader of a line raises.
    """
    with foundation.database.reader() as connection:
        line = foundation.lines.find(connection, org_id, order.reference)
        beside = None if order.benchmark is None else foundation.lines.find(connection, org_id, order.benchmark)
    lines = [each for each in (line, beside) if each is not None]
    told = [(each.digest, each.name, each.currency) for each in lines]
    tag = hashlib.sha256(dump((FORM, order, told))).hexdigest()[:32]
    days, values, others = line.days, line.values, None
    if beside is not None:
        days, rows, other_rows = np.intersect1d(days, beside.days, assume_unique=True, return_indices=True)
        values, others = values[rows], beside.values[other_rows]
    rows_held = _rows_of(days, order)
    days, values, others = days[rows_held], values[rows_held], None if others is None else others[rows_held]
    if len(values) < FEWEST_VALUES:
        raise TooShortForRisk(order, [_measured(each) for each in lines], len(values), FEWEST_VALUES)
    return Held(order, tag, line, beside, days, values, others)


def risk_of(held: Held, *, with_series: bool = False) -> Risk:
    """The risk of what is held, with its lines by day where they are wanted."""
    order, values = held.order, held.values
    metrics = risk_metrics(values, order.rate)
    benchmark = None
    if held.benchmark is None or held.beside is None:
        metrics |= UNDEFINED
    else:
        metrics |= metrics_beside(values, held.benchmark, order.rate)
        benchmark = BenchmarkRisk(**vars(_measured(held.beside)), metrics=risk_metrics(held.benchmark, order.rate))
    days: Sequence[date] = held.days.tolist()
    falls = tuple(
        Fall(fall.depth, days[fall.peak], days[fall.trough], None if fall.recovered is None else days[fall.recovered])
        for fall in deepest_falls(values, FALLS_SHOWN)
    )
    edges, counts = distribution_of(values)
    return Risk(
        **vars(_measured(held.line)),
        period=order.period,
        first_day=days[0],
        last_day=days[-1],
        days=len(values) - 1,
        rate=order.rate,
        adjusted=held.line.adjusted,
        metrics=metrics,
        drawdown=falls[0] if falls else None,
        falls=falls,
        months=tuple(MonthReturn(*each) for each in monthly_returns(held.days, values)),
        distribution=Distribution(tuple(edges.tolist()), tuple(counts.tolist())),
        benchmark=benchmark,
        notes=tuple(_notes(held)),
        series=series_of(held) if with_series else None,
    )


def _notes(held: Held) -> Iterator[str]:
    lines = [held.line] if held.beside is None else [held.line, held.beside]
    if len({major_of(line.currency)[0] for line in lines if line.currency is not None}) > 1:
        own, other = (f"{_measured(line).label} in {line.currency}" for line in lines)
        yield f"{own} is held against {other}; nothing is converted, so that the exchange rate is in their differences."


def series_of(held: Held) -> RiskSeries:
    """The lines of what is held by day."""
    beta, correlation = (None, None) if held.benchmark is None else map(_known, rolling_beside(held.values, held.benchmark))
    return RiskSeries(
        days=tuple(held.days.tolist()),
        value=_growth(held.values),
        drawdown=tuple(drawdown_of(held.values).depth.tolist()),
        volatility=_known(rolling_volatility(held.values)),
        benchmark=None if held.benchmark is None else _growth(held.benchmark),
        beta=beta,
        correlation=correlation,
    )


def _growth(values: FloatArray) -> tuple[float, ...]:
    return tuple((values / values[0]).tolist())


def _known(line: FloatArray) -> tuple[float | None, ...]:
    return tuple(None if math.isnan(value) else value for value in line.tolist())


def _measured(line: ValueLine) -> Measured:
    ticker = line.reference if line.kind is LineKind.TICKER else None
    return Measured(line.reference, line.kind.value, line.name, line.currency, ticker)


def _rows_of(days: NDArray[np.datetime64], order: RiskOrder) -> slice:
    """The rows of the period. One by a word begins with the last value on or before its first day, which its return is counted from."""
    if order.period is None or not len(days):
        first = 0 if order.start is None else int(np.searchsorted(days, np.datetime64(order.start)))
        last = len(days) if order.end is None else int(np.searchsorted(days, np.datetime64(order.end), side="right"))
        return slice(first, last)
    start, _ = read_period(order.period).until(days[-1].item())
    return slice(0 if start is None else max(0, int(np.searchsorted(days, np.datetime64(start), side="right")) - 1), len(days))
