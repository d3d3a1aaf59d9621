"""Support and resistance: prices at which recent swings reversed."""

from __future__ import annotations

import numpy as np
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
    if len(low) < 2 * WING + 1:
        return Levels((), ())
    width = 2 * WING + 1
    lows = np.flatnonzero(talib.MIN(low, width)[width - 1 :] == low[WING:-WING]) + WING
    highs = np.flatnonzero(talib.MAX(high, width)[width - 1 :] == high[WING:-WING]) + WING
    prices, indexes = np.concatenate([low[lows], high[highs]]), np.concatenate([lows, highs])
    pivots = sorted(zip(prices.tolist(), indexes.tolist(), strict=True))

    clusters: list[list[tuple[float, int]]] = []
    total = 0.0
    for price, index in pivots:
        if clusters and abs(price - total / len(clusters[-1])) <= MERGE_ATR * atr:
            clusters[-1].append((price, index))
            total += price
        else:
            clusters.append([(price, index)])
            total = price
    close = float(bars.close[-1])
    means = [sum(price for price, _ in cluster) / len(cluster) for cluster in clusters]
    below = [number for number, mean in enumerate(means) if mean < close]
    above = [number for number, mean in enumerate(means) if mean > close]

    def level(number: int) -> Level:
        cluster = clusters[number]
        return Level(means[number], len(cluster), bars.day(start + max(index for _, index in cluster)))

    return Levels(tuple(map(level, below[: -NEAREST - 1 : -1])), tuple(map(level, above[:NEAREST])))
