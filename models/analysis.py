"""An analysis: what was asked for, and the explained verdict with its trade and provenance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from models.indicator import IndicatorReading

DEFAULT_CAPITAL = 100_000.0
DEFAULT_RISK_PERCENT = 2.0


class Verdict(StrEnum):
    """The score in words."""

    STRONG_BUY = "Strong Buy"
    BUY = "Buy"
    HOLD = "Hold"
    SELL = "Sell"
    STRONG_SELL = "Strong Sell"


class Signal(StrEnum):
    """What to do."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"


@dataclass(frozen=True)
class Overrides:
    """What a request changes about its strategy; None means as the strategy has it."""

    weights: dict[str, float] | None = None
    reward_risk: float | None = None
    indicators: tuple[str, ...] | None = None
    as_of: date | None = None

    @property
    def any(self) -> bool:
        """Whether anything is changed."""
        return (self.weights, self.reward_risk, self.indicators, self.as_of) != (None, None, None, None)


@dataclass(frozen=True)
class Sizing:
    """How large a position may be: capital in the ticker's currency, percentages of it; None for the strategy's cap."""

    capital: float = DEFAULT_CAPITAL
    risk_percent: float = DEFAULT_RISK_PERCENT
    max_position_percent: float | None = None


@dataclass(frozen=True)
class AnalysisOrder:
    """One analysis asked for. Sizing does not change the stored result."""

    ticker: str
    strategy: str
    overrides: Overrides = Overrides()
    sizing: Sizing = Sizing()


@dataclass(frozen=True)
class Parameters:
    """What the engine is told, every default filled in: together with the bars and its version, all that a result depends on."""

    strategy: str
    weights: dict[str, float]
    indicators: tuple[str, ...]
    stop_percent: float
    reward_risk: float
    max_position_percent: float


@dataclass(frozen=True)
class Level:
    """A price at which swings turned: the mean of `touches` pivots, the newest on `last_touch`."""

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
    """Where to enter, stop and take profit, and how many shares. For a SELL the position is 0: nothing is said about short sales."""

    entry: float
    entry_method: str
    stop_loss: float
    target: float
    reward_risk: float
    shares: int
    position_value: float
    risk_amount: float


@dataclass(frozen=True)
class PriceWarning:
    """Something about the prices that a reader of the verdict should know."""

    code: str
    message: str


@dataclass(frozen=True)
class Provenance:
    """Where the numbers come from: enough to make the same analysis again."""

    provider: str
    first: date
    last: date
    bars_sha256: str
    adjustment: str
    engine_version: str


@dataclass(frozen=True)
class Analysis:
    """What the engine finds for one ticker on its newest bar. Everything is unrounded."""

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
