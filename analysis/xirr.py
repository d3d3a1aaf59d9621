"""The money-weighted return: the yearly rate at which all flows and the value at the end come to nothing (XIRR, act/365)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.bars import FloatArray

YEAR = 365.0  # days
FEWEST_DAYS = 30  # for a rate a year
LOWEST, HIGHEST = -0.999999, 1e6
STEPS = (48, 480)  # of the search for changes of sign, over logarithms of the rate: the finer one where the other finds none
TOLERANCE = 1e-15  # of the logarithm of the rate
MWR = (
    "The yearly rate r at which the flows and the values at both ends come to nothing: the sum of each amount over (1 + r)^(days / 365) is "
    "0. What is paid in counts as negative. Under 30 days it is the rate of the whole period."
)
ONE_SIGN = "Money went one way only, or came back on the day on which it was paid in: there is no time in which it earned."
NO_RATE = "No rate above -99.9999 % and up to 100,000,000 % brings the flows to nothing."
SHORT = f"Under {FEWEST_DAYS} days: the rate is that of the whole period, not of a year."
SEVERAL = "More than one rate fits, because flows change direction more than once: this is the one nearest to 0."


@dataclass(frozen=True)
class MoneyWeighted:
    """A rate a year, or of the whole period where not `annualised`; None with the reason. There may be a reason beside a rate, too."""

    value: float | None
    annualised: bool
    reason: str | None


def xirr(days: NDArray[np.datetime64], amounts: FloatArray) -> MoneyWeighted:
    """The rate of flows, in any order: negative is what was paid in, positive what came out or is left."""
    numbers, of_day = np.unique(days.astype("datetime64[D]").astype(np.int64), return_inverse=True)
    flows = np.bincount(of_day, weights=amounts, minlength=len(numbers))
    moved = flows != 0
    numbers, flows = numbers[moved], flows[moved]
    if not (flows < 0).any() or not (flows > 0).any():
        return MoneyWeighted(None, True, ONE_SIGN)
    span = int(numbers[-1] - numbers[0])
    is_short = span < FEWEST_DAYS
    times = (numbers - numbers[0]) / (span if is_short else YEAR)
    roots = _roots(times, flows)
    if not roots:
        return MoneyWeighted(None, not is_short, NO_RATE)
    nearest = min(roots, key=abs)
    several = SEVERAL if len(roots) > 1 else None
    return MoneyWeighted(math.expm1(nearest), not is_short, SHORT if is_short else several)


def net_present_value(days: NDArray[np.datetime64], amounts: FloatArray, rate: float) -> float:
    """The sum of flows, each discounted to the first day at a yearly rate."""
    numbers = days.astype("datetime64[D]").astype(np.int64)
    return float(np.sum(amounts * np.exp(-math.log1p(rate) * (numbers - numbers.min()) / YEAR)))


def _roots(times: FloatArray, flows: FloatArray) -> list[float]:
    """The logarithms of 1 + rate at which the discounted flows change their sign."""
    for steps in STEPS:
        grid = np.linspace(math.log1p(LOWEST), math.log1p(HIGHEST), steps + 1)
        # Scaled by the largest term, so that nothing overflows: only signs are compared. The first time is 0, the last one the longest.
        exponents = np.outer(-grid, times)
        exponents -= np.maximum(0.0, -grid * times[-1])[:, None]
        signs = np.sign(np.exp(exponents) @ flows)
        changes = np.flatnonzero(signs[:-1] * signs[1:] < 0).tolist()
        roots: list[float] = grid[signs == 0].tolist()
        roots += [_root_between(times, flows, float(grid[at]), float(grid[at + 1])) for at in changes]
        if roots:
            return roots
    return []


def _root_between(times: FloatArray, flows: FloatArray, low: float, high: float) -> float:
    """Newton's method, kept within an interval at whose ends the signs differ, which halves where it would leave it."""
    is_rising = _scaled(times, flows, low)[0] < 0
    at = (low + high) / 2
    while high - low > TOLERANCE * max(1.0, abs(at)):
        value, slope = _scaled(times, flows, at)
        if value == 0:
            return at
        if (value < 0) is is_rising:
            low = at
        else:
            high = at
        step = at - value / slope if slope else math.inf
        if not low < step < high:
            step = (low + high) / 2
        if step in (low, high, at):
            break
        at = step
    return at


def _scaled(times: FloatArray, flows: FloatArray, log_rate: float) -> tuple[float, float]:
    """The discounted flows and their slope by the logarithm of the rate, both in one scale."""
    exponents = -log_rate * times
    terms = flows * np.exp(exponents - exponents.max())
    return float(terms.sum()), float(-(terms * times).sum())
