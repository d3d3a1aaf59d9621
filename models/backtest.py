"""A backtest: what following a strategy's verdicts on one ticker would have earned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from models.analysis import DEFAULT_CAPITAL, Parameters, Side
from models.evidence import COST_BP
from models.strategy import StrategyName

BACKTEST = "backtest"  # the kind of job
MOST_COMPARED = 20  # parameter sets of a comparison


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
    sides: Sides = Sides.LONG
    stops: bool = True
    capital: float = DEFAULT_CAPITAL


@dataclass(frozen=True)
class BacktestOrder:
    """A requested backtest of one ticker."""

    ticker: str
    parameters: Parameters
    rules: BacktestRules
    start: date | None = None
    end: date | None = None


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
class Metric:
    """A number and how it is defined; None where it has no value, such as a ratio to no loss at all."""

    value: float | None
    definition: str


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
class Backtest:
    """The outcome of a backtest. `trials` is how many parameter sets the organization has tried on the ticker."""

    id: str
    ticker: str
    strategy: StrategyName
    first: date
    last: date
    equity: EquityCurve
    trades: tuple[BacktestTrade, ...]
    metrics: dict[str, Metric]
    benchmark: BenchmarkMetrics
    exposure: Metric
    turnover: Metric
    assumptions: tuple[str, ...]
    trials: int
    deflated_sharpe: Metric
    fingerprint: str
    created_at: datetime
