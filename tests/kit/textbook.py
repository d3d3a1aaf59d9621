"""The indicators as textbooks define them, in plain loops without TA-Lib: they check TA-Lib, and how the engine uses it.

Every function takes arrays of one length, oldest first, and returns lists of that length with NaN where there are not enough bars.
Sources: Wilder, "New Concepts in Technical Trading Systems" (RSI, ATR, ADX, SAR); Lane (stochastic); Lambert (CCI); Williams (%R);
Appel (MACD); Bollinger; Granville (OBV); Chaikin (money flow).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

NONE = math.nan
Numbers = Sequence[float]


def rsi(close: Numbers, period: int = 14) -> list[float]:
    """100·gain/(gain + loss): the first averages are plain means of `period` changes, later ones Wilder's."""
    changes = [NONE, *(after - before for before, after in pairwise(close))]
    gain = wilder([max(change, 0.0) for change in changes], 1, period)
    loss = wilder([max(-change, 0.0) for change in changes], 1, period)
    return [100.0 * up / (up + down) if up + down else 0.0 for up, down in zip(gain, loss, strict=True)]


def stochastic(high: Numbers, low: Numbers, close: Numbers) -> tuple[list[float], list[float]]:
    """Slow %K and slow %D of 14, 3, 3: %K where the close is in the range of 14 bars, smoothed by 3 and again by 3.

    TA-Lib gives both from the first bar that has a %D.
    """
    fast = [NONE] * len(close)
    for i in range(13, len(close)):
        top, bottom = max(high[i - 13 : i + 1]), min(low[i - 13 : i + 1])
        fast[i] = 100.0 * (close[i] - bottom) / (top - bottom) if top > bottom else 0.0
    slow_k = mean(fast, 3)
    slow_d = mean(slow_k, 3)
    return [k if not math.isnan(d) else NONE for k, d in zip(slow_k, slow_d, strict=True)], slow_d


def cci(high: Numbers, low: Numbers, close: Numbers, period: int = 20) -> list[float]:
    """The distance of the typical price from its mean, in units of 0.015 mean deviations."""
    typical = [(h + lo + c) / 3.0 for h, lo, c in zip(high, low, close, strict=True)]
    result = [NONE] * len(close)
    for i in range(period - 1, len(close)):
        window = typical[i - period + 1 : i + 1]
        middle = math.fsum(window) / period
        deviation = math.fsum(abs(price - middle) for price in window) / period
        result[i] = (typical[i] - middle) / (0.015 * deviation) if max(window) > min(window) else 0.0
    return result


def williams_r(high: Numbers, low: Numbers, close: Numbers, period: int = 14) -> list[float]:
    """The distance of the close from the top of the range, as −100…0 % of the range."""
    result = [NONE] * len(close)
    for i in range(period - 1, len(close)):
        top, bottom = max(high[i - period + 1 : i + 1]), min(low[i - period + 1 : i + 1])
        result[i] = -100.0 * (top - close[i]) / (top - bottom) if top > bottom else 0.0
    return result


def macd(close: Numbers) -> tuple[list[float], list[float], list[float]]:
    """MACD 12/26, its signal line 9 and the histogram, all from the first bar that has a signal.

    TA-Lib seeds both averages at bar 25, so that they start together: the slow one with the mean of bars 0…25, the fast one with that of
    bars 14…25.
    """
    line = [fast - slow for fast, slow in zip(ema(close, 12, seed_at=25), ema(close, 26, seed_at=25), strict=True)]
    signal = ema(line, 9, seed_at=33)
    begun = [value if not math.isnan(trigger) else NONE for value, trigger in zip(line, signal, strict=True)]
    return begun, signal, [value - trigger for value, trigger in zip(begun, signal, strict=True)]


def directional(high: Numbers, low: Numbers, close: Numbers, period: int = 14) -> tuple[list[float], list[float], list[float]]:
    """ADX, +DI and −DI by Wilder's running sums.

    TA-Lib starts each sum with the first 13 moves and smooths from the 14th on; ADX starts with the mean of 14 DX.
    """
    count = len(close)
    plus_di, minus_di, dx = [NONE] * count, [NONE] * count, [NONE] * count
    plus = minus = reach = 0.0
    for i in range(1, count):
        up, down = high[i] - high[i - 1], low[i - 1] - low[i]
        if i >= period:
            plus, minus, reach = (total - total / period for total in (plus, minus, reach))
        plus += up if up > down and up > 0 else 0.0
        minus += down if down > up and down > 0 else 0.0
        reach += true_range(high, low, close, i)
        if i >= period:
            plus_di[i] = 100.0 * plus / reach if reach else 0.0
            minus_di[i] = 100.0 * minus / reach if reach else 0.0
            both = plus_di[i] + minus_di[i]
            dx[i] = 100.0 * abs(plus_di[i] - minus_di[i]) / both if both else 0.0
    return wilder(dx, period, period), plus_di, minus_di


def parabolic_sar(high: Numbers, low: Numbers, step: float = 0.02, most: float = 0.2) -> list[float]:
    """Wilder's stop and reverse; the first trend is up unless the second bar reaches further down than up."""
    result = [NONE] * len(high)
    down_move, up_move = low[0] - low[1], high[1] - high[0]
    rising = not (down_move > 0 and down_move > up_move)
    stop, extreme, pace = (low[0], high[1], step) if rising else (high[0], low[1], step)
    for i in range(1, len(high)):
        before = max(i - 1, 1)  # the first bar is not used
        bottom, top = min(low[before], low[i]), max(high[before], high[i])
        if (low[i] <= stop) if rising else (high[i] >= stop):
            result[i] = max(extreme, top) if rising else min(extreme, bottom)
            rising, stop, extreme, pace = not rising, result[i], (low[i] if rising else high[i]), step
        else:
            result[i] = stop
            if (high[i] > extreme) if rising else (low[i] < extreme):
                extreme, pace = (high[i] if rising else low[i]), min(pace + step, most)
        stop += pace * (extreme - stop)
        stop = min(stop, bottom) if rising else max(stop, top)
    return result


def bollinger(close: Numbers, period: int = 20, width: float = 2.0) -> tuple[list[float], list[float], list[float]]:
    """Upper, middle and lower band; sigma is that of the population (÷ 20)."""
    count = len(close)
    upper, lower, middle = [NONE] * count, [NONE] * count, mean(close, period)
    for i in range(period - 1, count):
        sigma = math.sqrt(math.fsum((price - middle[i]) ** 2 for price in close[i - period + 1 : i + 1]) / period)
        upper[i], lower[i] = middle[i] + width * sigma, middle[i] - width * sigma
    return upper, middle, lower


def atr(high: Numbers, low: Numbers, close: Numbers, period: int = 14) -> list[float]:
    """Wilder's average of true ranges, which begin with the second bar."""
    return wilder([NONE, *(true_range(high, low, close, i) for i in range(1, len(close)))], 1, period)


def obv(close: Numbers, volume: Numbers) -> list[float]:
    """The first level is the first volume; later volumes are added on days up and subtracted on days down."""
    levels = [volume[0]]
    for i in range(1, len(close)):
        levels.append(levels[-1] + volume[i] * ((close[i] > close[i - 1]) - (close[i] < close[i - 1])))
    return levels


def money_flow(high: Numbers, low: Numbers, close: Numbers, volume: Numbers, period: int = 20) -> list[float]:
    """Chaikin: the volume-weighted place of the close in its day's range, −1 at the low, 1 at the high, 0 without range."""
    flow = [v * ((c - lo) - (h - c)) / (h - lo) if h > lo else 0.0 for h, lo, c, v in zip(high, low, close, volume, strict=True)]
    result = [NONE] * len(close)
    for i in range(period - 1, len(close)):
        traded = math.fsum(volume[i - period + 1 : i + 1])
        result[i] = math.fsum(flow[i - period + 1 : i + 1]) / traded if traded else NONE
    return result


def ema(values: Numbers, period: int, seed_at: int | None = None) -> list[float]:
    """Exponential average with 2/(period + 1), which starts at `seed_at` with the mean of the `period` values up to there."""
    start = period - 1 if seed_at is None else seed_at
    result = [NONE] * len(values)
    if start < len(values):
        result[start] = math.fsum(values[start - period + 1 : start + 1]) / period
    for i in range(start + 1, len(values)):
        result[i] = result[i - 1] + 2.0 / (period + 1) * (values[i] - result[i - 1])
    return result


def wilder(values: Numbers, first: int, period: int) -> list[float]:
    """Wilder's average: the plain mean of the `period` values from index `first` on, then 1/period of each new value."""
    start = first + period - 1
    result = [NONE] * len(values)
    if start < len(values):
        result[start] = math.fsum(values[first : start + 1]) / period
    for i in range(start + 1, len(values)):
        result[i] = (result[i - 1] * (period - 1) + values[i]) / period
    return result


def mean(values: Numbers, period: int) -> list[float]:
    """The plain mean of each value and those before it."""
    ready = range(period - 1, len(values))
    return [NONE] * min(period - 1, len(values)) + [math.fsum(values[i - period + 1 : i + 1]) / period for i in ready]


def true_range(high: Numbers, low: Numbers, close: Numbers, i: int) -> float:
    """The day's range with the gap from the day before."""
    return max(high[i] - low[i], abs(high[i] - close[i - 1]), abs(low[i] - close[i - 1]))
