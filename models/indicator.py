"""The twelve indicators by key, and the reading of one on a ticker."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """What an indicator measures."""

    TREND = "trend"
    MOMENTUM = "momentum"
    VOLATILITY = "volatility"
    VOLUME = "volume"


@dataclass(frozen=True)
class Indicator:
    """An indicator; it is available from `bars_needed` bars on, and takes part in the score if it `votes`."""

    key: str
    name: str
    category: Category
    bars_needed: int
    votes: bool = True


INDICATORS: dict[str, Indicator] = {
    indicator.key: indicator
    for indicator in (
        Indicator("rsi", "RSI 14", Category.MOMENTUM, 15),
        Indicator("stochastic", "Stochastic 14,3,3", Category.MOMENTUM, 18),
        Indicator("cci", "CCI 20", Category.MOMENTUM, 20),
        Indicator("williams_r", "Williams %R 14", Category.MOMENTUM, 14),
        Indicator("macd", "MACD 12,26,9", Category.TREND, 34),
        Indicator("adx", "ADX 14", Category.TREND, 28),
        Indicator("psar", "Parabolic SAR 0.02, 0.2", Category.TREND, 2),
        Indicator("ema_cross", "EMA 50/200", Category.TREND, 200),
        Indicator("bollinger", "Bollinger Bands 20, 2σ", Category.VOLATILITY, 20),
        Indicator("atr", "ATR 14", Category.VOLATILITY, 15, votes=False),
        Indicator("obv", "On-balance volume", Category.VOLUME, 21),
        Indicator("cmf", "Chaikin money flow 20", Category.VOLUME, 20),
    )
}
VOTING_KEYS = tuple(key for key, indicator in INDICATORS.items() if indicator.votes)


@dataclass(slots=True)  # not frozen, which doubles the time to make one: each analysis makes twelve
class IndicatorReading:
    """One indicator on the newest bar. The contributions of all indicators add up to the score."""

    key: str
    name: str
    category: str
    available: bool
    value: float | None
    vote: int
    confidence: float
    weight: float
    contribution: float
    reason: str
    details: dict[str, float | None]
