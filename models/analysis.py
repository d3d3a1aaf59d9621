"""An analysis: its order and parameters, and the verdict with levels, trade and provenance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from models.indicator import IndicatorReading
from models.strategy import Strategy, StrategyName

if TYPE_CHECKING:
    from models.evidence import Record

DEFAULT_CAPITAL = 100_000.0
DEFAULT_RISK_PERCENT = 2.0


class Verdict(StrEnum):
    """The five ranges of the score: Strong Buy from 0.6 on, Buy from 0.2 on, Sell up to -0.2, Strong Sell up to -0.6, and Hold between."""

    STRONG_BUY = "Strong Buy"
    BUY = "Buy"
    HOLD = "Hold"
    SELL = "Sell"
    STRONG_SELL = "Strong Sell"


# The values of the two, for what is read from rows: the OpenAPI document lists them, and a test compares them.
VerdictName = Literal["Strong Buy", "Buy", "Hold", "Sell", "Strong Sell"]
SignalName = Literal["BUY", "SELL", "HOLD"]


class Signal(StrEnum):
    """The recommended action."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"


class Side(StrEnum):
    """What a trade gains from: rising prices (long) or falling ones (short)."""

    LONG = "long"
    SHORT = "short"


class OrderType(StrEnum):
    """The order that enters a trade: `limit` under the close, `stop` over it, `market` at it."""

    LIMIT = "limit"
    STOP = "stop"
    MARKET = "market"


@dataclass(frozen=True)
class Overrides:
    """A request's changes to its strategy; None leaves the strategy's value."""

    weights: dict[str, float] | None = None
    reward_risk: float | None = None
    indicators: tuple[str, ...] | None = None
    as_of: date | None = None

    @property
    def any(self) -> bool:
        """Whether any value is overridden."""
        return (self.weights, self.reward_risk, self.indicators, self.as_of) != (None, None, None, None)


@dataclass(frozen=True)
class Sizing:
    """Limits of the position size: capital in the ticker's currency, and percentages of it; None for the strategy's cap."""

    capital: float = DEFAULT_CAPITAL
    risk_percent: float = DEFAULT_RISK_PERCENT
    max_position_percent: float | None = None


@dataclass(frozen=True)
class AnalysisOrder:
    """One requested analysis. The sizing does not affect the stored result."""

    ticker: str
    strategy: Strategy
    overrides: Overrides = Overrides()
    sizing: Sizing = Sizing()


@dataclass(frozen=True)
class Parameters:
    """The engine's parameters, with every default filled in. A result depends on these, the bars and the engine's version only."""

    strategy: StrategyName
    weights: dict[str, float]
    indicators: tuple[str, ...]
    stop_percent: float
    reward_risk: float
    max_position_percent: float


@dataclass(frozen=True)
class OwnParameters(Parameters):
    """Those of an organization's own strategy, of which they also name the version: a result depends on it as well.

    A class of its own, so that the fingerprints of results by built-in strategies stay as they are.
    """

    strategy_version: int


@dataclass(frozen=True)
class Level:
    """A price at which swings reversed: the mean of `touches` pivots, the newest on `last_touch`."""

    price: float
    touches: int
    last_touch: date


@dataclass(frozen=True)
class Levels:
    """The nearest levels below and above the close, nearest first."""

    support: tuple[Level, ...]
    resistance: tuple[Level, ...]


@dataclass(frozen=True)
class Trade:
    """Order, entry, stop and target, and the position.

    `distance_percent` is that of the entry from the close, in percent of the close. `advice` says what to do now, when not to buy, and
    what holds if the verdict changes. A SELL tells owners to leave; its short trade has no position.
    """

    side: Side
    order: OrderType
    entry: float
    entry_method: str
    distance_percent: float
    stop_loss: float
    target: float
    reward_risk: float
    shares: int
    position_value: float
    risk_amount: float
    advice: str


@dataclass(frozen=True)
class PriceWarning:
    """A caveat about the prices behind a verdict, and the day that it is about where that is one."""

    code: str
    message: str
    day: date | None = None


@dataclass(frozen=True)
class Provenance:
    """The origin of a result: what is needed to reproduce it."""

    provider: str
    first: date
    last: date
    bars_sha256: str
    adjustment: str
    engine_version: str
    strategy_version: int | None = None


@dataclass(frozen=True)
class Analysis:
    """The engine's result for the newest bar of one ticker, unrounded."""

    as_of: date
    bars: int
    close: float
    score: float
    verdict: Verdict
    signal: Signal
    indicators: tuple[IndicatorReading, ...]
    levels: Levels
    trade: Trade | None
    warnings: tuple[PriceWarning, ...]
    record: Record
