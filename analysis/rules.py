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
_AT_REST = np.array([[14], [1], [19], [13], [33], [27], [1], [199], [19], [np.iinfo(np.int16).max], [20], [19]], dtype=np.int16)
_FIRST_POSITION = _column(*(indicator.bars_needed - 1 for indicator in INDICATORS.values()))


@dataclass(frozen=True)
class Votes:
    """Arrays of shape (indicators, rows): indicators in the order of `keys`, rows as in the series.

    Where an indicator is not available (too few bars) or meaningless (nothing moved in its window), vote and confidence are 0.
    """

    keys: tuple[str, ...]
    vote: FloatArray
    confidence: FloatArray
    available: BoolArray
    meaningless: BoolArray


_VALUES: dict[str, Callable[[Series[FloatArray]], FloatArray]] = {
    "rsi": lambda s: s.rsi,
    "stochastic": lambda s: s.slow_k,
    "cci": lambda s: s.cci,
    "williams_r": lambda s: s.williams_r,
    "macd": lambda s: s.macd_histogram,
    "adx": lambda s: s.adx,
    "psar": lambda s: s.sar,
    "ema_cross": lambda s: s.ema_50 - s.ema_200,
    "bollinger": lambda s: (s.close - s.bollinger_lower) / (s.bollinger_upper - s.bollinger_lower),  # %B
    "atr": lambda s: s.atr,
    "obv": lambda s: s.obv,
    "cmf": lambda s: s.money_flow_20 / s.volume_20,
}


def divisions_by_zero_ignored() -> np.errstate:
    """The context in which the rules are applied.

    NaN before an indicator's first value, and divisions by zero on flat prices, are intended; the rules mask both.
    """
    return np.errstate(invalid="ignore", divide="ignore")


def shown_values(keys: tuple[str, ...], series: Series[FloatArray]) -> FloatArray:
    """The values that are shown, of shape (indicators, rows); infinite or NaN where their denominator is 0.

    Call it within `divisions_by_zero_ignored`.
    """
    return np.array([_VALUES[key](series) for key in keys])


def cast_votes(keys: tuple[str, ...], series: Series[FloatArray]) -> Votes:
    """Apply the rules of one or more indicators to each row of the series.

    Every step takes the lines of all indicators at once: for one row, the calls cost more than the arithmetic. Call it within
    `divisions_by_zero_ignored`.
    """
    oscillator = np.array([series.rsi, series.slow_k, series.cci, series.williams_r])
    distance, scale = _distances(series)
    meaningless = _meaningless(series, scale)
    available = series.position >= _FIRST_POSITION
    counts = available & ~meaningless
    vote = _votes(series, oscillator, distance, counts)
    confidence = _confidences(series, oscillator, distance, scale)
    np.copyto(confidence, 0.0, where=~counts)
    if keys == _KEYS:
        return Votes(keys, vote, confidence, available, meaningless)
    lines = [_KEYS.index(key) for key in keys]
    return Votes(keys, vote[lines], confidence[lines], available[lines], meaningless[lines])


def _distances(s: Series[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Of the indicators behind the oscillators: a distance, whose sign is the vote of most, and the scale of the confidence."""
    zero = np.zeros(len(s.close))
    distance = np.array(
        [
            s.macd_histogram, s.plus_di - s.minus_di, s.close - s.sar, s.ema_50 - s.ema_200, s.close - s.bollinger_middle, zero,
            s.obv_change, s.money_flow_20,
        ]
    )  # fmt: skip
    scale = np.array(
        [
            0.01 * s.close, s.plus_di + s.minus_di, 0.02 * s.close, s.ema_200, s.bollinger_upper - s.bollinger_middle, zero + 1.0,
            s.volume_20, s.volume_20,
        ]
    )  # fmt: skip
    return distance, scale


def _meaningless(s: Series[FloatArray], scale: FloatArray) -> BoolArray:
    """Where nothing moved in the window of an indicator, or its denominator is zero."""
    closes, typical, bars = s.unchanged_closes, s.unchanged_typical, s.unchanged_bars
    meaningless: BoolArray = (
        np.array([closes, s.flat_fast_k, typical, bars, closes, bars, bars, closes, closes, bars, closes, bars]) >= _AT_REST
    )
    meaningless[_OSCILLATORS:] |= scale == 0
    return meaningless


def _votes(s: Series[FloatArray], oscillator: FloatArray, distance: FloatArray, counts: BoolArray) -> FloatArray:
    up, down = np.empty((2, *counts.shape), dtype=np.bool_)
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
    votes: FloatArray = (up.view(np.int8) - down.view(np.int8)).astype(np.float64)
    return votes


def _confidences(s: Series[FloatArray], oscillator: FloatArray, distance: FloatArray, scale: FloatArray) -> FloatArray:
    """The confidences from 0 to 1. They overwrite `oscillator` and `distance`: fresh memory would cost more than the arithmetic."""
    confidence = np.empty((len(_KEYS), len(s.close)))
    outside = _OVERSOLD - oscillator
    np.maximum(outside, oscillator - _OVERBOUGHT, out=outside)
    # One of the quotients is positive, or both are zeros, of which one has a sign.
    np.divide(outside, _EDGE, out=oscillator)
    outside /= -_NEUTRAL
    np.abs(np.maximum(oscillator, outside, out=outside), out=confidence[:_OSCILLATORS])

    np.divide(np.abs(distance, out=distance), scale, out=confidence[_OSCILLATORS:])
    confidence[_ADX] = 0.6 * np.minimum(s.adx / 50.0, 1.0) + 0.4 * confidence[_ADX]
    confidence[_EMA_CROSS] /= 0.05
    # |distance from the middle − 1| half-widths: outside the bands the distance from them, and inside the distance to the nearer one.
    confidence[_BOLLINGER] = np.abs(confidence[_BOLLINGER] - 1.0)
    confidence[_CMF] *= 5.0
    return np.clip(confidence, 0.0, 1.0, out=confidence)
