"""The arrays behind the indicators: TA-Lib's functions over a whole history, and window sums over its newest bars.

Wilder's and exponential smoothing depend on all bars, so TA-Lib computes over the whole history, one ticker at a time. The windows do not:
those of several tickers are computed in one call, because on single rows the calls cost more than the arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import methodcaller
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import talib
from numpy.typing import NDArray

from analysis.bars import Bars, BoolArray, FloatArray

LONGEST_WINDOW = 200
_SMOOTHED = 21  # fields of Series, from the position to the change of on-balance volume
CHANGE = 20  # bars over which the changes of price and on-balance volume are taken, and the window of the volume sums
AT_REST = 1e-12  # of a price: a smaller difference is a rounding error of the adjustment, not a move

Values = TypeVar("Values")
Picked = TypeVar("Picked")


class Series(NamedTuple, Generic[Values]):
    """Arrays of shape (rows,), one row per bar, or one per ticker; or the numbers of one row.

    NaN where there are not enough bars yet. Prices are adjusted.
    """

    position: Values  # the bar's index in the whole history, from 0
    slow_k: Values
    slow_d: Values
    macd: Values
    macd_signal: Values
    macd_histogram: Values
    bollinger_upper: Values
    bollinger_middle: Values
    bollinger_lower: Values
    rsi: Values
    cci: Values
    williams_r: Values
    adx: Values
    plus_di: Values
    minus_di: Values
    sar: Values
    ema_50: Values
    ema_200: Values
    atr: Values
    obv: Values
    obv_change: Values  # over 20 bars
    close: Values
    price_change: Values  # over 20 bars
    volume_20: Values  # sum of 20 bars
    money_flow_20: Values  # sum of 20 bars
    unchanged_closes: Values  # number of bars directly before this one with the same close
    unchanged_typical: Values  # the same for (high + low + close) / 3
    unchanged_bars: Values  # the same for high and low, counted for bars whose high equals their low
    flat_fast_k: Values  # bool: whether any of the three windows behind slow %K has no range


def compute_series(bars: Bars, rows: int) -> Series[FloatArray]:
    """Compute the arrays for the newest `rows` bars of one history, at most len(bars)."""
    depth = rows + LONGEST_WINDOW - 1
    columns = (newest(column, depth) for column in (bars.high, bars.low, bars.close, bars.volume))
    position = np.arange(len(bars) - rows, len(bars), dtype=np.float64)
    return Series(position, *_smoothed(bars, rows, lambda values: values[-rows:]), *_windows(columns, rows))


def newest_smoothed(bars: Bars) -> tuple[float, ...]:
    """The newest row of one history, from the position to the change of on-balance volume: what needs the whole history."""
    return len(bars) - 1.0, *_smoothed(bars, 1, _last)


def newest_of(series: Series[FloatArray]) -> tuple[float, ...]:
    """The same, from the arrays of a whole history."""
    return tuple(map(_last, series[:_SMOOTHED]))


def newest_series(smoothed: Sequence[tuple[float, ...]], recent: Sequence[Bars]) -> Series[FloatArray]:
    """The arrays with one row per ticker, its newest bar: from `newest_smoothed` and at least the LONGEST_WINDOW newest bars of each."""
    columns = np.array([[newest(getattr(bars, name), LONGEST_WINDOW) for bars in recent] for name in ("high", "low", "close", "volume")])
    return Series(*np.array(smoothed).T, *(values[:, 0] for values in _windows(columns, rows=1)))


def rows_of(series: Series[Any]) -> Iterator[Series[float]]:
    """The numbers of each row."""
    return map(Series._make, np.array(series).T.tolist())


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
    if count == 1:
        return np.add.accumulate(values, axis=-1)[..., -1:]  # one call, which adds in the same order
    total: FloatArray = values[..., :count].copy()
    for offset in range(1, window):
        total += values[..., offset : offset + count]
    return total


_last = methodcaller("item", -1)


def _smoothed(bars: Bars, rows: int, pick: Callable[[FloatArray], Picked]) -> tuple[Picked, ...]:
    """TA-Lib's arrays in the order of Series, from `slow_k` to `obv_change`; `pick` takes the rows that are wanted from each.

    A `pick` of one number frees TA-Lib's long array at once, and the next one reuses its memory, which is in the CPU's cache.
    """
    high, low, close = bars.high, bars.low, bars.close
    # CCI and WILLR depend on at most 20 bars. CCI sums its window in an order that repeats every 20 bars: a start at a multiple of 20 keeps
    # the bits of its results.
    tail = slice(max(len(bars) - rows - 20, 0) // 20 * 20, None)
    obv = newest(talib.OBV(close, bars.volume), rows + CHANGE)
    return (
        *map(pick, talib.STOCH(high, low, close, 14, 3, talib.MA_Type.SMA, 3, talib.MA_Type.SMA)),
        *map(pick, talib.MACD(close, 12, 26, 9)),
        *map(pick, talib.BBANDS(close, 20, 2.0, 2.0, talib.MA_Type.SMA)),
        pick(talib.RSI(close, 14)),
        pick(talib.CCI(high[tail], low[tail], close[tail], 20)),
        pick(talib.WILLR(high[tail], low[tail], close[tail], 14)),
        pick(talib.ADX(high, low, close, 14)),
        pick(talib.PLUS_DI(high, low, close, 14)),
        pick(talib.MINUS_DI(high, low, close, 14)),
        pick(talib.SAR(high, low, 0.02, 0.2)),
        pick(talib.EMA(close, 50)),
        pick(talib.EMA(close, 200)),
        pick(talib.ATR(high, low, close, 14)),
        pick(obv),
        pick(obv[CHANGE:] - obv[:-CHANGE]),
    )


def _windows(columns: Iterable[FloatArray], rows: int) -> tuple[NDArray[Any], ...]:
    """The arrays from `close` to `flat_fast_k`, of shape (…, rows).

    The columns are high, low, close and volume, each of shape (…, rows + LONGEST_WINDOW − 1).
    """
    high, low, close, volume = columns
    typical_price = high + low
    typical_price += close
    typical_price /= 3.0
    spread = high - low
    has_no_range = spread <= AT_REST * high
    near = np.s_[..., -(rows + CHANGE - 1) :]
    # Chaikin's money flow multiplier: the position of the close in the day's range, from −1 at the low to 1 at the high; 0 without a range.
    money_flow = (close[near] - low[near]) - (high[near] - close[near])
    money_flow /= np.where(has_no_range[near], np.inf, spread[near])
    money_flow *= volume[near]

    rest = _at_rest(np.array([close, typical_price, high, low]))
    rest[2] &= rest[3]
    closes, typical, both = _lengths(rest[:3])
    unchanged_bars = both * has_no_range
    flat_14 = unchanged_bars[..., -(rows + 2) :] >= 13
    newest_rows = np.s_[..., -rows:]
    return (
        close[newest_rows],
        close[newest_rows] - close[..., -(rows + CHANGE) : -CHANGE],
        window_sum(volume[near], CHANGE),
        window_sum(money_flow, CHANGE),
        closes[newest_rows],
        typical[newest_rows],
        unchanged_bars[newest_rows],
        flat_14[..., 2:] | flat_14[..., 1:-1] | flat_14[..., :-2],
    )


def _at_rest(lines: FloatArray) -> BoolArray:
    """Whether each value of each line equals the one before it; never the first, and never beside NaN (no bars)."""
    rest = np.zeros(lines.shape, dtype=np.bool_)
    move = lines[..., 1:] - lines[..., :-1]
    np.less_equal(np.abs(move, out=move), AT_REST * lines[..., 1:], out=rest[..., 1:])
    return rest


def _lengths(rest: BoolArray) -> NDArray[np.int16]:
    """The number of successive true values up to each value along the last axis, whose first value is false.

    A series is shorter than the largest int16 (models.price_series.MOST_BARS).
    """
    lengths = np.zeros(rest.shape, dtype=np.int16)
    (index,) = rest.ravel().nonzero()
    if index.size:
        # Few values are true, so only those are numbered. No run reaches across the axis, because its first value is false.
        number = np.arange(1, index.size + 1)
        number[1:] -= np.maximum.accumulate(np.where(index[1:] - index[:-1] > 1, number[:-1], 0))
        lengths.reshape(-1)[index] = number
    return lengths
