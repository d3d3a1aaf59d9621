"""Strategies: what one is, and the five built-in ones. A strategy weighs the indicators and sets stop, target and position size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from models.indicator import INDICATORS, VOTING_KEYS, Category

StrategyName: TypeAlias = str  # the id of a built-in strategy, or of one of the organization's own
DEFAULT_STRATEGY = "balanced"

INDICATOR_ORDER = ("macd", "adx", "ema_cross", "psar", "rsi", "stochastic", "cci", "williams_r", "bollinger", "obv", "cmf")
CATEGORY_ORDER = (Category.TREND, Category.MOMENTUM, Category.VOLATILITY, Category.VOLUME)


@dataclass(frozen=True)
class Strategy:
    """Weights and trade rules, and in a sentence each what leads it and when it suits.

    `stop_percent` is of the entry price, `max_position_percent` of the capital. An organization's own has the `version` that this is, the
    day `since` when that is used, and the built-in `base` that it was made from; a built-in one has none of the three.
    """

    id: StrategyName
    name: str
    description: str
    suits: str
    indicator_weights: dict[str, float]
    category_weights: dict[str, float]
    stop_percent: float
    reward_risk: float
    max_position_percent: float
    version: int | None = None
    since: date | None = None
    base: str | None = None

    def __hash__(self) -> int:
        """Of what tells strategies apart but for organizations: equal ones have it in common, which caches need."""
        return hash((self.id, self.version))

    @property
    def key(self) -> str:
        """What names this version among the strategies of its organization: `trend`, or `mine@2`."""
        return self.id if self.version is None else f"{self.id}@{self.version}"

    def weights(self, overrides: dict[str, float] | None = None) -> dict[str, float]:
        """The weight of each voting indicator: category weight × indicator weight. `overrides` replaces either, by its key."""
        overrides = overrides or {}
        return {
            key: overrides.get(INDICATORS[key].category, self.category_weights[INDICATORS[key].category])
            * overrides.get(key, self.indicator_weights[key])
            for key in VOTING_KEYS
        }


def _indicators(*weights: float) -> dict[str, float]:
    """Indicator weights in the order macd, adx, ema_cross, psar, rsi, stochastic, cci, williams_r, bollinger, obv, cmf."""
    return dict(zip(INDICATOR_ORDER, map(float, weights), strict=True))


def _categories(*weights: float) -> dict[str, float]:
    """Category weights in the order trend, momentum, volatility, volume."""
    return dict(zip(map(str, CATEGORY_ORDER), map(float, weights), strict=True))


STRATEGIES: dict[str, Strategy] = {
    strategy.id: strategy
    for strategy in (
        Strategy(
            id="balanced",
            name="Balanced",
            description="Every indicator counts alike.",
            suits="A first look at any ticker, and a yardstick for the other strategies.",
            indicator_weights=_indicators(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
            category_weights=_categories(1, 1, 1, 1),
            stop_percent=2.0,
            reward_risk=2.0,
            max_position_percent=20.0,
        ),
        Strategy(
            id="trend",
            name="Trend following",
            description="MACD, ADX, the moving averages and the SAR lead; overbought and oversold readings hardly count.",
            suits="Prices that move in one direction for weeks. It turns late, and errs where prices go sideways.",
            indicator_weights=_indicators(2.5, 2.5, 2, 1.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 1),
            category_weights=_categories(1.5, 0.7, 0.8, 1),
            stop_percent=2.5,
            reward_risk=3.0,
            max_position_percent=25.0,
        ),
        Strategy(
            id="reversion",
            name="Mean reversion",
            description="RSI, Bollinger bands and the oscillators lead: it buys what has fallen far and sells what has risen far.",
            suits="Prices that swing within a range. It errs where a trend goes on.",
            indicator_weights=_indicators(0.5, 0.5, 0.5, 0.5, 2.5, 2, 1.5, 1.5, 2.5, 1, 1),
            category_weights=_categories(0.6, 1.5, 1.3, 1),
            stop_percent=1.5,
            reward_risk=1.5,
            max_position_percent=15.0,
        ),
        Strategy(
            id="breakout",
            name="Momentum breakout",
            description="On-balance volume and money flow lead, beside MACD, ADX and RSI: a move counts most when volume goes with it.",
            suits="Prices that leave a range on rising volume. It errs where the move fades.",
            indicator_weights=_indicators(1.5, 1.5, 1, 1, 2, 1.5, 1.5, 1, 1.5, 2.5, 2.5),
            category_weights=_categories(1, 1.3, 1.2, 1.5),
            stop_percent=3.0,
            reward_risk=2.5,
            max_position_percent=20.0,
        ),
        Strategy(
            id="weekly",
            name="Weekly target",
            description="The oscillators lead and the long averages hardly count; the stop is wide and the target near.",
            suits="Positions of a few days. It turns often, so costs matter.",
            indicator_weights=_indicators(1.5, 0.5, 0.6, 1.2, 2, 2, 1.8, 1.6, 1.3, 1.2, 1.2),
            category_weights=_categories(0.5, 2, 1, 0.9),
            stop_percent=3.0,
            reward_risk=1.33,
            max_position_percent=35.0,
        ),
    )
}

BALANCED = STRATEGIES[DEFAULT_STRATEGY]
