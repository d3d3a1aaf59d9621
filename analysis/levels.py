"""Support and resistance: prices at which recent swings reversed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import starmap

import talib

from analysis.bars import Bars
from models.analysis import Level, Levels

LOOKBACK = 250  # bars
WING = 5  # bars on either side of a pivot
MERGE_ATR = 0.5  # distance from a level's mean, in ATR, within which a pivot joins it
NEAREST = 3  # levels on each side


def find_levels(bars: Bars, atr: float) -> Levels:
    """The three nearest levels on each side of the newest close; `atr` is in the unit of the prices.

    A pivot is a low (high) that is the lowest (highest) of itself and five bars on each side, within the last 250 bars. In ascending order
    of price, a pivot joins the current level while it is within half an ATR of that level's mean. Lows and highs form levels together: a
    broken resistance becomes a support.
    """
    start = max(len(bars) - LOOKBACK, 0)
    low, high = bars.low[start:], bars.high[start:]
    width = 2 * WING + 1
    if len(low) < width:
        return Levels((), ())
    (lows,) = (talib.MIN(low, width)[width - 1 :] == low[WING:-WING]).nonzero()
    (highs,) = (talib.MAX(high, width)[width - 1 :] == high[WING:-WING]).nonzero()
    prices = low[lows + WING].tolist() + high[highs + WING].tolist()
    pivots = sorted(zip(prices, lows.tolist() + highs.tolist(), strict=True))

    close, farthest = float(bars.close[-1]), MERGE_ATR * atr
    below, above = [], []
    for mean, touches, index in _clusters(pivots, farthest):
        if mean < close:
            below.append((mean, touches, index))
        elif mean > close:
            above.append((mean, touches, index))
            if len(above) == NEAREST:
                break

    def level(mean: float, touches: int, index: int) -> Level:
        return Level(mean, touches, bars.day(start + WING + index))

    return Levels(tuple(starmap(level, below[: -NEAREST - 1 : -1])), tuple(starmap(level, above)))


def _clusters(pivots: list[tuple[float, int]], farthest: float) -> Iterator[tuple[float, int, int]]:
    """The mean price, the number of pivots and the newest index of each cluster of ascending pivots."""
    total, touches, newest = 0.0, 0, 0
    for price, index in pivots:
        if touches and abs(price - total / touches) <= farthest:
            total += price
            touches += 1
            newest = max(newest, index)
        else:
            if touches:
                yield total / touches, touches, newest
            total, touches, newest = price, 1, index
    if touches:
        yield total / touches, touches, newest
