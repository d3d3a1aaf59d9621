"""The arrays behind the indicators, for the newest `rows` bars: TA-Lib's functions, and a few window sums.

TA-Lib computes over the whole history, since Wilder's and exponential smoothing depend on all of it; the window sums only over the bars
that `rows` needs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import talib

from analysis.bars import Bars, BoolArray, FloatArray

LONGEST_WINDOW = 200
AT_REST = 1e-12  # of a price: a smaller difference is a rounding error of the adjustment, not a move


@dataclass(frozen=True)
class Series:
    """Arrays of shape (rows,), one row per bar; NaN where there are not enough bars yet. Prices are adjusted."""

    position: FloatArray  # the bar's index in the whole history, from 0
    close: FloatArray
    rsi: FloatArray
    slow_k: FloatArray
    slow_d: FloatArray
    cci: FloatArray
    williams_r: FloatArray
    macd: FloatArray
    macd_signal: FloatArray
    macd_histogram: FloatArray
    adx: FloatArray
    plus_di: FloatArray
    minus_di: FloatArray
    sar: FloatArray
    ema_50: FloatArray
    ema_200: FloatArray
    bollinger_upper: FloatArray
    bollinger_middle: FloatArray
    bollinger_lower: FloatArray
    atr: FloatArray
    obv: FloatArray
    obv_change: FloatArray  # over 20 bars
    price_change: FloatArray  # over 20 bars
    volume_20: FloatArray  # sum of 20 bars
    money_flow_20: FloatArray  # sum of 20 bars
    unchanged_closes: FloatArray  # number of bars directly before this one with the same close
    unchanged_typical: FloatArray  # the same for (high + low + close) / 3
    unchanged_bars: FloatArray  # the same for high and low, counted for bars whose high equals their low
    flat_fast_k: BoolArray  # whether any of the three windows behind slow %K has no range


def compute_series(bars: Bars, rows: int) -> Series:
    """Compute the arrays for the newest `rows` bars, at most len(bars)."""
    start = len(bars) - rows
    high, low, close, volume = bars.high, bars.low, bars.close, bars.volume

    def newest_rows(values: FloatArray) -> FloatArray:
        # A copy frees TA-Lib's long array at once, and the next one reuses its memory, which is in the CPU's cache.
        return values[start:].copy()

    slow_k, slow_d = map(newest_rows, talib.STOCH(high, low, close, 14, 3, talib.MA_Type.SMA, 3, talib.MA_Type.SMA))
    macd, macd_signal, macd_histogram = map(newest_rows, talib.MACD(close, 12, 26, 9))
    upper, middle, lower = map(newest_rows, talib.BBANDS(close, 20, 2.0, 2.0, talib.MA_Type.SMA))
    obv_21 = newest(talib.OBV(close, volume), rows + 20).copy()

    # CCI and WILLR depend on at most 20 bars. CCI sums its window in an order that repeats every 20 bars: a start at a multiple of 20 keeps
    # the bits of its results.
    tail_start = max(start - 20, 0) // 20 * 20
    tail_high, tail_low, tail_close = high[tail_start:], low[tail_start:], close[tail_start:]

    depth = rows + LONGEST_WINDOW - 1
    deep_high, deep_low, deep_close = newest(high, depth), newest(low, depth), newest(close, depth)
    near_high, near_low, near_close, near_volume = (newest(column, rows + 19) for column in (high, low, close, volume))
    volume_20, money_flow_20 = window_sum(np.array([near_volume, _money_flow(near_high, near_low, near_close, near_volume)]), 20)
    typical = (deep_high + deep_low + deep_close) / 3.0
    unchanged = _unchanged(np.array([deep_close, typical, deep_high, deep_low]))
    unchanged_bars = np.minimum(unchanged[2], unchanged[3]) * (deep_high - deep_low <= AT_REST * deep_high)
    flat_14 = unchanged_bars[-(rows + 2) :] >= 13
    close_21 = newest(close, rows + 20)
    return Series(
        position=np.arange(start, len(bars), dtype=np.float64),
        close=close[start:],
        rsi=newest_rows(talib.RSI(close, 14)),
        slow_k=slow_k,
        slow_d=slow_d,
        cci=talib.CCI(tail_high, tail_low, tail_close, 20)[-rows:],
        williams_r=talib.WILLR(tail_high, tail_low, tail_close, 14)[-rows:],
        macd=macd,
        macd_signal=macd_signal,
        macd_histogram=macd_histogram,
        adx=newest_rows(talib.ADX(high, low, close, 14)),
        plus_di=newest_rows(talib.PLUS_DI(high, low, close, 14)),
        minus_di=newest_rows(talib.MINUS_DI(high, low, close, 14)),
        sar=newest_rows(talib.SAR(high, low, 0.02, 0.2)),
        ema_50=newest_rows(talib.EMA(close, 50)),
        ema_200=newest_rows(talib.EMA(close, 200)),
        bollinger_upper=upper,
        bollinger_middle=middle,
        bollinger_lower=lower,
        atr=newest_rows(talib.ATR(high, low, close, 14)),
        obv=obv_21[20:],
        obv_change=obv_21[20:] - obv_21[:-20],
        price_change=close_21[20:] - close_21[:-20],
        volume_20=volume_20,
        money_flow_20=money_flow_20,
        unchanged_closes=unchanged[0, -rows:],
        unchanged_typical=unchanged[1, -rows:],
        unchanged_bars=unchanged_bars[-rows:],
        flat_fast_k=flat_14[2:] | flat_14[1:-1] | flat_14[:-2],
    )


def newest(values: FloatArray, count: int) -> FloatArray:
    """The last `count` values, padded with NaN in front when there are fewer."""
    if len(values) >= count:
        return values[-count:]
    return np.concatenate([np.full(count - len(values), np.nan), values])


def window_sum(values: FloatArray, window: int) -> FloatArray:
    """Sums over each `window` successive values along the last axis, which gets shorter by window − 1.

    Each sum adds from the oldest value to the newest, so that its bits do not depend on the length of the array.
    """
    count = values.shape[-1] - window + 1
    total: FloatArray = values[..., :count].copy()
    for offset in range(1, window):
        total += values[..., offset : offset + count]
    return total


def _money_flow(high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray) -> FloatArray:
    # Chaikin's money flow multiplier: the position of the close in the day's range, from −1 at the low to 1 at the high; 0 without a range.
    spread = high - low
    flat = spread <= AT_REST * high
    flow: FloatArray = ((close - low) - (high - close)) / np.where(flat, 1.0, spread) * ~flat * volume
    return flow


def _unchanged(lines: FloatArray) -> FloatArray:
    """For each value of each line, the number of equal values directly before it."""
    changed = np.ones(lines.shape, dtype=np.bool_)
    # Not `>`: a comparison with NaN (no bars) is false, and must count as a change.
    changed[:, 1:] = ~(np.abs(lines[:, 1:] - lines[:, :-1]) <= AT_REST * lines[:, 1:])
    index = np.arange(lines.shape[1], dtype=np.float64)
    run: FloatArray = index - np.maximum.accumulate(np.where(changed, index, 0.0), axis=1)
    return run
