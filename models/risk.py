"""The risk of holding something: its numbers, its falls, and its months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from models.metric import Metric

MOST_RATE = 1.0  # a year: 100 %
PERIODS = ("1m", "3m", "6m", "ytd", "1y", "3y", "5y", "10y", "max")  # as models.period has them


@dataclass(frozen=True)
class RiskOrder:
    """What is measured: over which days, against what, and the yearly interest without risk that is deducted.

    `reference` and `benchmark` are tickers, or ids of portfolios or indexes. There is either a `period` or its first and last day.
    """

    reference: str
    benchmark: str | None = None
    start: date | None = None
    end: date | None = None
    rate: float = 0.0
    period: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all days count."""
        return self.start is None and self.end is None and self.period in (None, "max")


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
    """Lines by day: what 1 has become since the first day, here and in the benchmark, and the drawdown.

    Volatility, beta to the benchmark and correlation with it are those of the quarter up to each day.
    """

    days: tuple[date, ...]
    value: tuple[float, ...]
    drawdown: tuple[float, ...]
    volatility: tuple[float | None, ...]
    benchmark: tuple[float, ...] | None
    beta: tuple[float | None, ...] | None
    correlation: tuple[float | None, ...] | None


@dataclass(frozen=True)
class Measured:
    """What is measured: a ticker, a portfolio or an index. `ticker` is that of a ticker, and of the others None."""

    reference: str
    kind: str
    name: str | None
    currency: str | None
    ticker: str | None

    @property
    def label(self) -> str:
        """A ticker, or what a portfolio or an index is called."""
        return self.ticker or self.name or self.reference


@dataclass(frozen=True)
class BenchmarkRisk(Measured):
    """What something is held against: its own numbers over the same days."""

    metrics: dict[str, Metric]


@dataclass(frozen=True)
class Risk(Measured):
    """The risk of something over the days that it has, or that it shares with its benchmark. `days` is the number of daily returns.

    `notes` are to be told with the numbers.
    """

    period: str | None
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
    notes: tuple[str, ...]
    series: RiskSeries | None
