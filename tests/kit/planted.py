"""Planted verdicts: random walks whose verdicts come by chance, and are followed by a drift of a known size."""

from __future__ import annotations

import numpy as np

from analysis.bars import Bars, FloatArray
from kit.bars import bars_of

SHARE, RUN = 0.22, 5.0  # of the days are Buys, in runs of so many days
VOLATILITY, DRIFT = 0.015, 0.0003  # of a day
BUY_SCORE = 0.3


def planted(seed: int, count: int, *, edge: float, horizon: int) -> tuple[Bars, FloatArray]:
    """Bars and a score for each: 0.3, a Buy, or 0. For `horizon` days after the entry each day of a Buy moves prices by `edge` as well."""
    random = np.random.default_rng(seed)
    buys = _runs(random, count)
    moves = random.normal(DRIFT, VOLATILITY, count)
    if edge:
        follows = np.zeros(count, dtype=np.bool_)
        for days in range(2, horizon + 2):  # from the open of the next bar on
            follows[days:] |= buys[:-days]
        moves += edge * follows
    # A bar opens where the one before closed, so its open has moved by the day before.
    return bars_of(100.0 * np.exp(np.cumsum(np.append(moves[1:], 0.0)))), np.where(buys, BUY_SCORE, 0.0)


def _runs(random: np.random.Generator, count: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Days in runs of geometric length, alternately of both kinds."""
    lengths = np.empty(2 * int(count * SHARE / RUN * 2 + 50), dtype=np.int64)
    lengths[::2] = random.geometric(SHARE / (RUN * (1 - SHARE)), len(lengths) // 2)
    lengths[1::2] = random.geometric(1 / RUN, len(lengths) // 2)
    return np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)[:count]
