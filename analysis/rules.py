"""The rule of each indicator: a vote of −1, 0 or 1 and a confidence from 0 to 1 for each row.

An indicator whose window has no range, or whose denominator is zero, votes 0 with confidence 0: a flat line is not oversold. Definitions
are TA-Lib's; the thresholds are those of Wilder (RSI, ADX, SAR), Lane (stochastic), Lambert (CCI), Williams (%R), Appel (MACD),
Bollinger, Granville (OBV) and Chaikin (money flow).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.bars import BoolArray, FloatArray
from analysis.series import Series
from models.indicator import INDICATORS


@dataclass(frozen=True)
class Votes:
    """Arrays of shape (indicators, rows): indicators in the order of `keys`, rows as in the series.

    Where an indicator is not available (too few bars) or meaningless (nothing moved in its window), vote and confidence are 0.
    """

    keys: tuple[str, ...]
    value: FloatArray
    vote: FloatArray
    confidence: FloatArray
    available: BoolArray
    meaningless: BoolArray


def cast_votes(keys: tuple[str, ...], series: Series) -> Votes:
    """Apply the rules of one or more indicators to each row of the series."""
    outcomes = [_RULES[key](series) for key in keys]
    needed = np.array([[INDICATORS[key].bars_needed - 1] for key in keys])
    available = series.position >= needed
    meaningless = np.array([outcome[3] for outcome in outcomes])
    counts = available & ~meaningless
    # Clamp and mask all indicators in one call: for one row, the calls cost more than the arithmetic.
    confidence = np.minimum(np.maximum(np.array([outcome[2] for outcome in outcomes]), 0.0), 1.0)
    return Votes(
        keys=keys,
        value=np.array([outcome[0] for outcome in outcomes]),
        vote=np.where(counts, np.array([outcome[1] for outcome in outcomes]), 0.0),
        confidence=np.where(counts, confidence, 0.0),
        available=available,
        meaningless=meaningless,
    )


# Value, vote, confidence, and where the indicator is meaningless.
_Outcome = tuple[FloatArray, FloatArray, FloatArray, BoolArray]
_Rule = Callable[[Series], _Outcome]


def _oscillator(value: FloatArray, low: float, high: float, edge: float, neutral: float) -> tuple[FloatArray, FloatArray]:
    """Vote and confidence of a bounded oscillator: oversold below `low`, overbought above `high`.

    `edge` is the way from a threshold to the end of the scale, `neutral` scales the distance to the nearer threshold in between.
    """
    below, above = low - value, value - high
    outside = np.maximum(below, above)
    return _sign(below > 0, above > 0), np.where(outside > 0, outside / edge, -outside / neutral)


def _sign(up: BoolArray, down: BoolArray) -> FloatArray:
    return np.subtract(up, down, dtype=np.float64)


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    return numerator / np.where(denominator == 0, np.nan, denominator)


def _rsi(s: Series) -> _Outcome:
    vote, confidence = _oscillator(s.rsi, 30.0, 70.0, edge=30.0, neutral=20.0)
    return s.rsi, vote, confidence, s.unchanged_closes >= 14


def _stochastic(s: Series) -> _Outcome:
    vote, confidence = _oscillator(s.slow_k, 20.0, 80.0, edge=20.0, neutral=30.0)
    return s.slow_k, vote, confidence, s.flat_fast_k


def _cci(s: Series) -> _Outcome:
    size = np.abs(s.cci)
    return s.cci, _sign(s.cci < -100, s.cci > 100), np.abs(size - 100.0) / 100.0, s.unchanged_typical >= 19


def _williams_r(s: Series) -> _Outcome:
    vote, confidence = _oscillator(s.williams_r, -80.0, -20.0, edge=20.0, neutral=30.0)
    return s.williams_r, vote, confidence, s.unchanged_bars >= 13


def _macd(s: Series) -> _Outcome:
    value = s.macd_histogram
    return value, np.sign(value), np.abs(value) / (0.01 * s.close), s.unchanged_closes >= 33


def _adx(s: Series) -> _Outcome:
    difference, total = s.plus_di - s.minus_di, s.plus_di + s.minus_di
    confidence = 0.6 * np.minimum(s.adx / 50.0, 1.0) + 0.4 * np.abs(_ratio(difference, total))
    return s.adx, np.sign(difference), confidence, (total == 0) | (s.unchanged_bars >= 27)


def _psar(s: Series) -> _Outcome:
    distance = s.close - s.sar
    return s.sar, np.sign(distance), np.abs(distance) / (0.02 * s.close), s.unchanged_bars >= 1


def _ema_cross(s: Series) -> _Outcome:
    value = s.ema_50 - s.ema_200
    return value, np.sign(value), np.abs(value) / s.ema_200 / 0.05, s.unchanged_closes >= 199


def _bollinger(s: Series) -> _Outcome:
    half = s.bollinger_upper - s.bollinger_middle
    from_middle = np.abs(_ratio(s.close - s.bollinger_middle, half))  # in half-widths: 1 is on a band
    percent_b = _ratio(s.close - s.bollinger_lower, s.bollinger_upper - s.bollinger_lower)
    vote = _sign(s.close < s.bollinger_lower, s.close > s.bollinger_upper)
    # |from_middle − 1| is the distance outside the bands, and inside them the distance to the nearer band.
    return percent_b, vote, np.abs(from_middle - 1.0), (half == 0) | (s.unchanged_closes >= 19)


def _atr(s: Series) -> _Outcome:
    nothing = np.zeros_like(s.atr)
    return s.atr, nothing, nothing, nothing != 0


def _obv(s: Series) -> _Outcome:
    direction = np.sign(s.obv_change)
    vote = np.where(direction == np.sign(s.price_change), direction, 0.0)
    return s.obv, vote, np.abs(_ratio(s.obv_change, s.volume_20)), (s.volume_20 == 0) | (s.unchanged_closes >= 20)


def _cmf(s: Series) -> _Outcome:
    value = _ratio(s.money_flow_20, s.volume_20)
    return value, np.sign(value), 5.0 * np.abs(value), (s.volume_20 == 0) | (s.unchanged_bars >= 19)


_RULES: dict[str, _Rule] = {
    "rsi": _rsi,
    "stochastic": _stochastic,
    "cci": _cci,
    "williams_r": _williams_r,
    "macd": _macd,
    "adx": _adx,
    "psar": _psar,
    "ema_cross": _ema_cross,
    "bollinger": _bollinger,
    "atr": _atr,
    "obv": _obv,
    "cmf": _cmf,
}
