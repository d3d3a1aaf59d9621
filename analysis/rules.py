"""The rule of each indicator: a vote of −1, 0 or 1 and a confidence from 0 to 1 for each row.

An indicator whose window has no range, or whose denominator is zero, votes 0 with confidence 0: a flat line is not oversold. Definitions
are TA-Lib's; the thresholds are those of Wilder (RSI, ADX, SAR), Lane (stochastic), Lambert (CCI), Williams (%R), Appel (MACD),
Bollinger, Granville (OBV) and Chaikin (money flow).
"""

from __future__ import annotations

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


# The lines below are in the order of INDICATORS: first four oscillators, then the indicators that measure a distance by a scale.
_KEYS = tuple(INDICATORS)
_OSCILLATORS = 4
_ADX, _EMA_CROSS, _BOLLINGER, _OBV, _CMF = map(_KEYS.index, ("adx", "ema_cross", "bollinger", "obv", "cmf"))


def _column(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)[:, np.newaxis]


# Of the oscillators: oversold below, overbought above; the way from a threshold to the end of the scale; and what scales the distance to
# the nearer threshold in between.
_OVERSOLD, _OVERBOUGHT = _column(30, 20, -100, -80), _column(70, 80, 100, -20)
_EDGE, _NEUTRAL = _column(30, 20, 100, 20), _column(20, 30, 100, 30)
# The number of successive bars at rest from which an indicator is meaningless; for %K, whether one of its windows is flat.
_AT_REST = np.array([[14], [1], [19], [13], [33], [27], [1], [199], [19], [np.iinfo(np.int32).max], [20], [19]], dtype=np.int32)
_FIRST_POSITION = _column(*(indicator.bars_needed - 1 for indicator in INDICATORS.values()))


def cast_votes(keys: tuple[str, ...], series: Series[FloatArray]) -> Votes:
    """Apply the rules of one or more indicators to each row of the series.

    Every step takes the lines of all indicators at once: for one row, the calls cost more than the arithmetic. Call it within
    `numpy.errstate` that ignores invalid values and divisions by zero; a value is infinite or NaN where its denominator is 0.
    """
    s = series
    zero = np.zeros(len(s.close))
    value = np.array(
        [
            s.rsi, s.slow_k, s.cci, s.williams_r, s.macd_histogram, s.adx, s.sar, s.ema_50 - s.ema_200,
            (s.close - s.bollinger_lower) / (s.bollinger_upper - s.bollinger_lower), s.atr, s.obv, s.money_flow_20 / s.volume_20,
        ]
    )  # fmt: skip
    distance = np.array(
        [
            s.macd_histogram, s.plus_di - s.minus_di, s.close - s.sar, value[_EMA_CROSS], s.close - s.bollinger_middle, zero,
            s.obv_change, s.money_flow_20,
        ]
    )  # fmt: skip
    scale = np.array(
        [
            0.01 * s.close, s.plus_di + s.minus_di, 0.02 * s.close, s.ema_200, s.bollinger_upper - s.bollinger_middle, zero + 1.0,
            s.volume_20, s.volume_20,
        ]
    )  # fmt: skip
    closes, typical, bars = s.unchanged_closes, s.unchanged_typical, s.unchanged_bars
    meaningless = np.array([closes, s.flat_fast_k, typical, bars, closes, bars, bars, closes, closes, bars, closes, bars]) >= _AT_REST
    meaningless[_OSCILLATORS:] |= scale == 0
    available = s.position >= _FIRST_POSITION
    counts = available & ~meaningless

    up, down = np.empty((2, *value.shape), dtype=np.bool_)
    oscillator = value[:_OSCILLATORS]
    np.less(oscillator, _OVERSOLD, out=up[:_OSCILLATORS])
    np.greater(oscillator, _OVERBOUGHT, out=down[:_OSCILLATORS])
    np.greater(distance, 0.0, out=up[_OSCILLATORS:])
    np.less(distance, 0.0, out=down[_OSCILLATORS:])
    np.less(s.close, s.bollinger_lower, out=up[_BOLLINGER])
    np.greater(s.close, s.bollinger_upper, out=down[_BOLLINGER])
    up[_OBV] &= s.price_change > 0
    down[_OBV] &= s.price_change < 0
    up &= counts
    down &= counts
    vote = (up.view(np.int8) - down.view(np.int8)).astype(np.float64)

    confidence = np.empty_like(value)
    outside = np.maximum(_OVERSOLD - oscillator, oscillator - _OVERBOUGHT)
    # One of the quotients is positive, or both are zeros, of which one has a sign.
    np.abs(np.maximum(outside / _EDGE, outside / -_NEUTRAL), out=confidence[:_OSCILLATORS])
    np.divide(np.abs(distance, out=distance), scale, out=confidence[_OSCILLATORS:])
    confidence[_ADX] = 0.6 * np.minimum(s.adx / 50.0, 1.0) + 0.4 * confidence[_ADX]
    confidence[_EMA_CROSS] /= 0.05
    # |distance from the middle − 1| half-widths: outside the bands the distance from them, and inside the distance to the nearer one.
    confidence[_BOLLINGER] = np.abs(confidence[_BOLLINGER] - 1.0)
    confidence[_CMF] *= 5.0
    np.clip(confidence, 0.0, 1.0, out=confidence)
    np.copyto(confidence, 0.0, where=~counts)

    if keys == _KEYS:
        return Votes(keys, value, vote, confidence, available, meaningless)
    lines = [_KEYS.index(key) for key in keys]
    return Votes(keys, value[lines], vote[lines], confidence[lines], available[lines], meaningless[lines])
