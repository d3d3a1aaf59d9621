"""The risk of holding something: its numbers, its falls, and its months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from models.metric import Metric

MOST_RATE = 1.0  # a year: 100 %


@dataclass(frozen=True)
class RiskOrder:
    """What is measured: over which days, against what, and the yearly interest without risk that is deducted."""

    ticker: str
    benchmark: str | None = None
    start: date | None = None
    end: date | None = None
    rate: float = 0.0


@dataclass(frozen=True)
class Fall:
    """A fall from a highest close to the lowest one before it was reached again, if it was."""

    depth: float
    peak: date
    trough: date
    recovered: date | None


@dataclass(frozen=True)
class MonthReturn:
    """The return of one month, from the last close before it. The first and the last one may be parts of a month."""

    month: str
    value: float


@dataclass(frozen=True)
class Distribution:
    """How many daily returns lie between each two neighbours of `edges`, one fewer; the outer counts have all beyond them as well."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class RiskSeries:
    """Lines by day: what 1 has become since the first day, here and in the benchmark, the drawdown, and the volatility of a quarter."""

    days: tuple[date, ...]
    value: tuple[float, ...]
    drawdown: tuple[float, ...]
    volatility: tuple[float | None, ...]
    benchmark: tuple[float, ...] | None


@dataclass(frozen=True)
class BenchmarkRisk:
    """What something is held against: its own numbers over the same days."""

    ticker: str
    metrics: dict[str, Metric]


@dataclass(frozen=True)
class Risk:
    """The risk of a ticker over the days that it has, or that it shares with its benchmark. `days` is the number of daily returns."""

    ticker: str
    first_day: date
    last_day: date
    days: int
    rate: float
    adjusted: bool
    metrics: dict[str, Metric]
    drawdown: Fall | None
    falls: tuple[Fall, ...]
    months: tuple[MonthReturn, ...]
    distribution: Distribution
    benchmark: BenchmarkRisk | None
    series: RiskSeries | None
