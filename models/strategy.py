"""The five strategies: data, not classes. A strategy weighs the indicators and sets stop, target and position size."""

from __future__ import annotations

from dataclasses import dataclass

from models.indicator import INDICATORS, VOTING_KEYS, Category

DEFAULT_STRATEGY = "balanced"

# The order in which the tables below give indicator and category weights.
_INDICATOR_ORDER = ("macd", "adx", "ema_cross", "psar", "rsi", "stochastic", "cci", "williams_r", "bollinger", "obv", "cmf")
_CATEGORY_ORDER = (Category.TREND, Category.MOMENTUM, Category.VOLATILITY, Category.VOLUME)


@dataclass(frozen=True)
class Strategy:
    """A strategy's weights and its trade rules. Percentages are of the entry price (stop) and of capital (position cap)."""

    id: str
    name: str
    indicator_weights: dict[str, float]
    category_weights: dict[str, float]
    stop_percent: float
    reward_risk: float
    max_position_percent: float

    def weights(self, overrides: dict[str, float] | None = None) -> dict[str, float]:
        """The weight of each voting indicator: category weight × indicator weight, after overrides by indicator or category key."""
        overrides = overrides or {}
        return {
            key: overrides.get(INDICATORS[key].category, self.category_weights[INDICATORS[key].category])
            * overrides.get(key, self.indicator_weights[key])
            for key in VOTING_KEYS
        }


def _strategy(
    id: str,
    name: str,
    indicator_weights: tuple[float, ...],
    category_weights: tuple[float, ...],
    stop_percent: float,
    reward_risk: float,
    max_position_percent: float,
) -> Strategy:
    return Strategy(
        id=id,
        name=name,
        indicator_weights=dict(zip(_INDICATOR_ORDER, map(float, indicator_weights), strict=True)),
        category_weights=dict(zip(map(str, _CATEGORY_ORDER), map(float, category_weights), strict=True)),
        stop_percent=stop_percent,
        reward_risk=reward_risk,
        max_position_percent=float(max_position_percent),
    )


STRATEGIES: dict[str, Strategy] = {
    strategy.id: strategy
    for strategy in (
        _strategy("balanced", "Balanced", (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), (1, 1, 1, 1), 2.0, 2.0, 20),
        _strategy("trend", "Trend following", (2.5, 2.5, 2, 1.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 1), (1.5, 0.7, 0.8, 1), 2.5, 3.0, 25),
        _strategy("reversion", "Mean reversion", (0.5, 0.5, 0.5, 0.5, 2.5, 2, 1.5, 1.5, 2.5, 1, 1), (0.6, 1.5, 1.3, 1), 1.5, 1.5, 15),
        _strategy("breakout", "Momentum breakout", (1.5, 1.5, 1, 1, 2, 1.5, 1.5, 1, 1.5, 2.5, 2.5), (1, 1.3, 1.2, 1.5), 3.0, 2.5, 20),
        _strategy("weekly", "Weekly target", (1.5, 0.5, 0.6, 1.2, 2, 2, 1.8, 1.6, 1.3, 1.2, 1.2), (0.5, 2, 1, 0.9), 3.0, 1.33, 35),
    )
}
