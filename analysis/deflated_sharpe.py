"""The deflated Sharpe ratio (Bailey and López de Prado, 2014): a Sharpe ratio, judged against the best of as many trials by luck alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, variance
from typing import NamedTuple

from analysis.bars import FloatArray

_NORMAL = NormalDist()
_EULER = 0.5772156649015329  # the Euler-Mascheroni constant
_NO_SPREAD = 1e-14


class SharpeEstimate(NamedTuple):
    """A Sharpe ratio per observation (per day, not per year), and what its error depends on. The kurtosis of a normal distribution is 3."""

    sharpe: float
    observations: int
    skewness: float
    kurtosis: float


def estimate_of(returns: FloatArray) -> SharpeEstimate | None:
    """The estimate of daily returns; None where they do not vary."""
    count = len(returns)
    if count < 3 or (spread := float(returns.std(ddof=1))) <= _NO_SPREAD:
        return None
    mean = float(returns.mean())
    centred = returns - mean
    square = centred * centred
    moment = float(square.mean())
    skewness, kurtosis = float((square * centred).mean()) / moment**1.5, float((square * square).mean()) / moment**2
    return SharpeEstimate(mean / spread, count, skewness, kurtosis)


def expected_best(trials: int, spread: float) -> float:
    """The Sharpe ratio that the best of so many worthless trials is expected to have, given the variance over the trials."""
    if trials < 2:
        return 0.0
    luck = (1 - _EULER) * _NORMAL.inv_cdf(1 - 1 / trials) + _EULER * _NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return math.sqrt(spread) * luck


def deflated_sharpe(estimate: SharpeEstimate, trials: int, spread: float) -> float | None:
    """The probability that the true Sharpe ratio exceeds `expected_best`; None where the formula has no value."""
    sharpe, count, skewness, kurtosis = estimate
    error = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2
    if error <= 0:
        return None
    return _NORMAL.cdf((sharpe - expected_best(trials, spread)) * math.sqrt(count - 1) / math.sqrt(error))


def spread_of(sharpes: Sequence[float]) -> float:
    """The variance of the Sharpe ratios of trials (n − 1); 0 for one."""
    return variance(sharpes, fmean(sharpes)) if len(sharpes) > 1 else 0.0
