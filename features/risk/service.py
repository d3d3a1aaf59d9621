"""Measures the risk of a ticker from its stored prices, alone or against a benchmark on the days that both have."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from analysis.bars import Bars, FloatArray
from analysis.returns import drawdown_of
from analysis.risk import (
    DEFINITIONS_BESIDE,
    FEWEST_VALUES,
    deepest_falls,
    distribution_of,
    metrics_beside,
    monthly_returns,
    risk_metrics,
    rolling_volatility,
)
from database import AnyReader, Database
from features.prices import service as prices
from models.errors import TickerNotFound
from models.metric import Metric
from models.price_series import PackedBars, SeriesHead
from models.risk import BenchmarkRisk, Distribution, Fall, MonthReturn, Risk, RiskOrder, RiskSeries
from models.risk_errors import TooShortForRisk
from utils.json_text import dump

FORM = 1  # of the answer; raised with every change of a definition
FALLS_SHOWN = 10
UNDEFINED = {name: Metric(None, definition) for name, definition in DEFINITIONS_BESIDE.items()}  # without a benchmark


@dataclass(frozen=True)
class Held:
    """The values of what is measured, and of its benchmark, on the same days. Different `tag`s have different values or orders."""

    order: RiskOrder
    tag: str
    days: NDArray[np.datetime64]
    values: FloatArray
    benchmark: FloatArray | None
    adjusted: bool


def hold(database: Database, org_id: int, order: RiskOrder) -> Held:
    """The daily values of a ticker, and of its benchmark on the days that both have.

    Raises TickerNotFound, PricesDamaged or TooShortForRisk.
    """
    with database.reader() as connection:
        head, packed = _load(connection, org_id, order.ticker)
        beside = None if order.benchmark is None else _load(connection, org_id, order.benchmark)
    days, values = _between(prices.sound_bars(head, packed), order)
    tag = hashlib.sha256(dump((FORM, order, head.sha256, None if beside is None else beside[0].sha256))).hexdigest()[:32]
    others = None
    if beside is not None:
        other_days, others = _between(prices.sound_bars(*beside), order)
        days, rows, other_rows = np.intersect1d(days, other_days, assume_unique=True, return_indices=True)
        values, others = values[rows], others[other_rows]
    if len(values) < FEWEST_VALUES:
        raise TooShortForRisk(order, len(values), FEWEST_VALUES)
    return Held(order, tag, days, values, others, head.adjusted)


def risk_of(held: Held, *, with_series: bool = False) -> Risk:
    """The risk of what is held, with its lines by day where they are wanted."""
    order, values = held.order, held.values
    metrics = risk_metrics(values, order.rate)
    benchmark = None
    if held.benchmark is None:
        metrics |= UNDEFINED
    else:
        assert order.benchmark is not None, "a benchmark has a name"
        metrics |= metrics_beside(values, held.benchmark, order.rate)
        benchmark = BenchmarkRisk(order.benchmark, risk_metrics(held.benchmark, order.rate))
    days: Sequence[date] = held.days.tolist()
    falls = tuple(
        Fall(fall.depth, days[fall.peak], days[fall.trough], None if fall.recovered is None else days[fall.recovered])
        for fall in deepest_falls(values, FALLS_SHOWN)
    )
    edges, counts = distribution_of(values)
    return Risk(
        ticker=order.ticker,
        first_day=days[0],
        last_day=days[-1],
        days=len(values) - 1,
        rate=order.rate,
        adjusted=held.adjusted,
        metrics=metrics,
        drawdown=falls[0] if falls else None,
        falls=falls,
        months=tuple(MonthReturn(*each) for each in monthly_returns(held.days, values)),
        distribution=Distribution(tuple(edges.tolist()), tuple(counts.tolist())),
        benchmark=benchmark,
        series=series_of(held) if with_series else None,
    )


def series_of(held: Held) -> RiskSeries:
    """The lines of what is held by day."""
    volatility = [None if math.isnan(value) else value for value in rolling_volatility(held.values).tolist()]
    return RiskSeries(
        days=tuple(held.days.tolist()),
        value=_growth(held.values),
        drawdown=tuple(drawdown_of(held.values).depth.tolist()),
        volatility=tuple(volatility),
        benchmark=None if held.benchmark is None else _growth(held.benchmark),
    )


def _growth(values: FloatArray) -> tuple[float, ...]:
    return tuple((values / values[0]).tolist())


def _load(connection: AnyReader, org_id: int, ticker: str) -> tuple[SeriesHead, PackedBars]:
    loaded = prices.load(connection, org_id, ticker)
    if loaded is None:
        raise TickerNotFound(ticker)
    return loaded


def _between(bars: Bars, order: RiskOrder) -> tuple[NDArray[np.datetime64], FloatArray]:
    """The days and closes of the period."""
    rows = bars.rows_within(order.start, order.end)
    return bars.days[rows], bars.close[rows]
