"""Whether the best of several strategies beat buy-and-hold by more than luck: White's reality check (2000) and Hansen's test (2005).

Both resample the days in blocks and look at the best strategy of each resample, so that trying more strategies makes them stricter.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from analysis.bars import BoolArray, FloatArray
from analysis.bootstrap import Blocks

FEWEST_DAYS = 100
_NO_SPREAD = 1e-12


class RealityCheck(NamedTuple):
    """The probabilities that luck alone makes a best strategy as good: White's, and Hansen's, which poor strategies do not weaken."""

    white: float
    hansen: float
    days: int
    block: int


def reality_check(returns: FloatArray, benchmark: FloatArray, seed: int) -> RealityCheck | None:
    """Judge daily returns, of shape (days, strategies), against those of the benchmark.

    None for too few days, or where every strategy is the benchmark. Blocks have √days days.
    """
    days = len(returns)
    if days < FEWEST_DAYS:
        return None
    ahead = returns - benchmark[:, None]
    ahead = ahead[:, np.ptp(ahead, axis=0) > _NO_SPREAD]
    if ahead.shape[1] == 0:
        return None
    blocks = Blocks.drawn(seed, days, math.isqrt(days))
    mean, means = ahead.mean(axis=0), blocks.sums(ahead) / days
    white = _share_above(means - mean, mean)
    # Hansen: in units of each strategy's own error, and those far below the benchmark keep their distance from it.
    error = means.std(axis=0)
    far_below: BoolArray = mean < -error * math.sqrt(2 * math.log(math.log(days)))
    centred = np.where(far_below, means, means - mean) / error
    hansen = _share_above(np.maximum(centred, 0.0), np.maximum(mean / error, 0.0))
    return RealityCheck(white, hansen, days, blocks.block)


def _share_above(samples: FloatArray, observed: FloatArray) -> float:
    """The share of resamples whose best strategy is at least as good as the best observed one."""
    return float((samples.max(axis=1) >= observed.max()).mean())
