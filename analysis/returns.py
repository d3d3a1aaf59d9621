"""Daily returns and what they come to: growth, spread and falls.

Definitions of several of these numbers differ from program to program; these are the ones of the Python package empyrical, for daily
simple returns. A number that has no value (a ratio to no loss) is None.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.bars import FloatArray

YEAR = 252  # trading days
NO_SPREAD = 1e-14  # a smaller standard deviation of returns is a rounding error


class Drawdown(NamedTuple):
    """The drawdown at each close, a fraction of the highest value so far (0 or negative), and the longest stretch of closes below one."""

    depth: FloatArray
    longest: int


def returns_of(values: FloatArray) -> FloatArray:
    """The daily returns of values, one fewer; 0 where there was nothing left."""
    before, after = values[:-1], values[1:]
    returns = np.zeros(len(after))
    np.divide(after, before, out=returns, where=before > 0)
    returns[before > 0] -= 1.0
    return returns


def drawdown_of(values: FloatArray) -> Drawdown:
    """The drawdown of at least one close; the first is the start."""
    highest = np.maximum.accumulate(values)
    depth = values / highest
    depth -= 1.0
    index: NDArray[np.int64] = np.arange(len(values))
    longest = index - np.maximum.accumulate(np.where(depth < 0, 0, index))
    return Drawdown(depth, int(longest.max()))


def yearly_growth(growth: float, days: int) -> float | None:
    """The yearly growth that comes to `growth` (last value over first) in so many daily returns; None for none, and for too much."""
    if not days:
        return None
    try:
        return math.pow(growth, YEAR / days) - 1
    except OverflowError:
        return None


def volatility_of(returns: FloatArray) -> float | None:
    """The standard deviation (n − 1) of daily returns, a year; None for fewer than two."""
    return _spread(returns) * math.sqrt(YEAR) if len(returns) > 1 else None


def sharpe_of(returns: FloatArray) -> float | None:
    """The mean of daily returns over their standard deviation (n − 1), a year. Interest is deducted by the caller."""
    if len(returns) < 2:
        return None
    spread = _spread(returns)
    return float(returns.mean()) / spread * math.sqrt(YEAR) if spread > NO_SPREAD else None


def sortino_of(returns: FloatArray) -> float | None:
    """The mean of daily returns over the root of the mean square of the negative ones, taken over all days, a year."""
    if len(returns) < 2:
        return None
    losses = np.minimum(returns, 0.0)
    downside = math.sqrt(float(losses @ losses) / len(returns))
    return float(returns.mean()) / downside * math.sqrt(YEAR) if downside > NO_SPREAD else None


def _spread(returns: FloatArray) -> float:
    return float(returns.std(ddof=1))
