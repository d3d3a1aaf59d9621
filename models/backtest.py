"""A backtest: what following a strategy's verdicts on one ticker would have earned."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from models.analysis import DEFAULT_CAPITAL, Overrides, Parameters, Side
from models.evidence import COST_BP
from models.metric import Metric
from models.strategy import Strategy, StrategyName

BACKTEST = "backtest"  # the kind of job
MOST_COMPARED = 20  # parameter sets of a comparison
MOST_SLIPPAGE_BP = 500.0
LEAST_CAPITAL, MOST_CAPITAL = 1.0, 1e12


class Sides(StrEnum):
    """What a backtest trades: rising prices only, or falling ones as well."""

    LONG = "long"
    LONG_SHORT = "long_short"


class ExitReason(StrEnum):
    """Why a trade ended: a verdict, its stop, its target, the loss of all capital; or `end`, where it is still open."""

    SIGNAL = "signal"
    STOP = "stop"
    TARGET = "target"
    RUIN = "ruin"
    END = "end"


@dataclass(frozen=True)
class BacktestRules:
    """How a backtest trades. Costs are basis points: `cost_bp` of a round trip, `slippage_bp` of each fill's price."""

    cost_bp: float = COST_BP
    slippage_bp: float = 0.0
    side: Sides = Sides.LONG
    stops: bool = True
    capital: float = DEFAULT_CAPITAL


@dataclass(frozen=True)
class BacktestOrder:
    """How to backtest any ticker; only verdicts from `start` on are traded, and nothing after `end` is known."""

    strategy: Strategy
    overrides: Overrides = field(default_factory=Overrides)
    rules: BacktestRules = field(default_factory=BacktestRules)
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class BacktestParams:
    """How a job backtests each ticker, and which universe the tickers were taken from; None when they were named."""

    order: BacktestOrder
    universe: str | None = None


@dataclass(frozen=True)
class BulkBacktest:
    """A request for a job of backtests. `tickers` are empty for a universe. `force` repeats work that is active."""

    tickers: tuple[str, ...]
    params: BacktestParams
    force: bool = False


@dataclass(frozen=True)
class BacktestTrade:
    """One position. Prices are adjusted, `size` is in shares, `net_return` a fraction of the entry's cost, sent as `return`.

    `exit_day` and `exit_price` of one that is still open are those of the last close.
    """

    side: Side
    entry_day: date
    entry_price: float
    exit_day: date
    exit_price: float
    size: float
    reason: ExitReason
    net_return: float
    profit: float
    bars: int
    open: bool


@dataclass(frozen=True)
class EquityCurve:
    """The equity at each close, that of buy-and-hold, and the drawdown as a fraction of the highest equity so far (0 or negative)."""

    dates: tuple[date, ...]
    values: tuple[float, ...]
    benchmark: tuple[float, ...]
    drawdown: tuple[float, ...]
    benchmark_drawdown: tuple[float, ...]


@dataclass(frozen=True)
class BenchmarkMetrics:
    """Buy-and-hold over the same days, with the cost of one entry."""

    metrics: dict[str, Metric]


@dataclass(frozen=True)
class BacktestReport:
    """What a backtest came to. `first` is the day of the first close whose verdict counts, `last` that of the last bar.

    `days` is the number of closes from the one to the other.
    """

    ticker: str
    strategy: StrategyName
    basis: str
    parameters: Parameters
    rules: BacktestRules
    start: date | None
    first: date
    last: date
    days: int
    metrics: dict[str, Metric]
    benchmark: BenchmarkMetrics
    exposure: Metric
    turnover: Metric
    assumptions: tuple[str, ...]
    fingerprint: str


@dataclass(frozen=True)
class BacktestFigures:
    """The main numbers of a backtest, for lists; returns are fractions, and `benchmark_return` is that of buy-and-hold."""

    first: date
    last: date
    total_return: float
    benchmark_return: float
    sharpe: float | None
    max_drawdown: float
    trades: int

    @property
    def is_ahead(self) -> bool:
        """Whether it ended above buy-and-hold."""
        return self.total_return > self.benchmark_return


@dataclass(frozen=True)
class DailySharpe:
    """The Sharpe ratio per day of a backtest, with what its error depends on. None throughout where the equity never moved."""

    sharpe: float | None = None
    observations: int | None = None
    skewness: float | None = None
    kurtosis: float | None = None


@dataclass(frozen=True)
class NewBacktest:
    """A backtest that is about to be stored. `report` is JSON, `detail` its trades and its equity as compressed JSON, if they are kept.

    `trial` identifies its set of parameters among those that were tried on the ticker.
    """

    id: str
    ticker: str
    strategy: StrategyName
    fingerprint: str
    figures: BacktestFigures
    daily: DailySharpe
    order: str
    report: str
    detail: bytes | None
    trial: str
    created_at: datetime


@dataclass(frozen=True)
class StoredBacktest:
    """A stored backtest; see `NewBacktest`."""

    id: str
    ticker: str
    fingerprint: str
    last: date
    daily: DailySharpe
    order: str
    report: str
    detail: bytes | None
    created_at: datetime


@dataclass(frozen=True)
class BacktestSummary:
    """One backtest of a list."""

    id: str
    ticker: str
    strategy: StrategyName
    figures: BacktestFigures
    fingerprint: str
    created_at: datetime


@dataclass(frozen=True)
class Trials:
    """The sets of parameters that an organization has tried on a ticker: how many, and the variance of their Sharpe ratios per day."""

    count: int
    spread: float


@dataclass(frozen=True)
class ComparedSet:
    """One of several sets of parameters, beside the others."""

    strategy: StrategyName
    parameters: Parameters
    side: Sides
    stops: bool
    metrics: dict[str, Metric]
    exposure: Metric
    turnover: Metric
    deflated_sharpe: Metric
    is_ahead: bool


@dataclass(frozen=True)
class LuckTest:
    """Whether luck alone explains the best of several sets: White's probability, and Hansen's, which poor sets do not weaken."""

    p_value: float
    hansen_p_value: float
    days: int
    block: int
    repetitions: int
    seed: int
    sentence: str


@dataclass(frozen=True)
class Comparison:
    """Several sets of parameters on one ticker, in the order of the request. `luck` is None where it cannot be judged."""

    ticker: str
    first: date
    last: date
    days: int
    sets: tuple[ComparedSet, ...]
    benchmark: BenchmarkMetrics
    trials: int
    luck: LuckTest | None
    assumptions: tuple[str, ...]
