"""Weights of the members of an index: what they follow, and the caps on single members and on groups.

All weights are of shape (members,), 0 or more, and add up to 1.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from analysis.bars import FloatArray
from analysis.covariance import Covariance

MOST_STEPS = 200  # of the solver; it needs five to ten
PRECISE = 1e-11  # relative difference of risk contributions at which it ends
GOOD = 1e-8  # one at which it ends as well where rounding allows no better
LOOSE = 0.1  # what the system of a step may leave of its right side, times how far the contributions are apart
MOST_PRODUCTS = 500  # with the correlations in a step
EDGE = 1e-12  # a sum of caps that comes so near to 1 is 1


class CapsTooLow(ValueError):
    """The caps leave no way to invest everything: `most` is the largest sum of weights that they allow."""

    def __init__(self, most: float) -> None:
        super().__init__(f"the caps allow {most:.4g} in all")
        self.most = most


def equal(members: int) -> FloatArray:
    """The same weight for each."""
    return np.full(members, 1 / members)


def proportional(amounts: FloatArray) -> FloatArray:
    """Weights in proportion to amounts; what is 0 or less gets none. Where all are, the weights are equal."""
    positive = np.maximum(amounts, 0.0)
    largest = float(positive.max())
    if largest <= 0:
        return equal(len(amounts))
    positive /= largest  # so that a sum of very large amounts stays finite
    return cast("FloatArray", positive / positive.sum())


def inverse_volatility(returns: FloatArray) -> FloatArray:
    """In inverse proportion to the standard deviations of returns of shape (days, members), each above 0."""
    return proportional(1 / spread_of(returns))


def spread_of(returns: FloatArray) -> FloatArray:
    """The standard deviations (n) of returns of shape (days, members)."""
    centred = returns - returns.mean(axis=0)
    return cast("FloatArray", np.sqrt(np.einsum("ij,ij->j", centred, centred) / len(returns)))


def equal_risk(covariance: Covariance) -> FloatArray:
    """Weights w with w_i·(Σw)_i the same for each member, for a positive definite covariance Σ.

    They minimise ½·y'Σy − Σ log y / n, whose Newton steps are damped so that they end from anywhere: Spinu, "An algorithm for computing
    risk parity weights" (2013). Members are scaled to the same variance first, which changes the weights by the scale alone. A step is
    solved the more exactly the nearer the end is: Dembo, Eisenstat and Steihaug, "Inexact Newton methods" (1982).
    """
    members = len(covariance.spread)
    share = 1 / members
    y = np.full(members, 1 / np.sqrt(covariance.correlated(np.ones(members)).sum()))
    before = np.inf
    for _ in range(MOST_STEPS):
        moved = covariance.correlated(y)
        contribution = y * moved
        apart = float(np.abs(contribution / contribution.mean() - 1).max())
        if apart < PRECISE or before <= apart < GOOD:
            break
        before = apart
        step = _solved(covariance, share / y**2, moved - share / y, LOOSE * min(apart, 1.0))
        # The size of a step in units of y tells how far the quadratic model can be trusted.
        size = float(np.abs(step / y).max())
        y = y - (step if size < 0.5 else step / (1 + size))
    return proportional(y / covariance.spread)


def _solved(covariance: Covariance, diagonal: FloatArray, right: FloatArray, left: float) -> FloatArray:
    """X with (correlations + diag(diagonal))·x = right, for a positive diagonal, up to a part `left` of the right side.

    By conjugate gradients, which need few products where a few factors move all members.
    """
    x = np.zeros(len(right))
    rest = right
    scale = 1 / (1 + diagonal)
    direction = scaled = scale * rest
    size = float(rest @ scaled)
    enough = size * left**2
    for _ in range(MOST_PRODUCTS):
        if size <= enough:
            break
        product = covariance.correlated(direction) + diagonal * direction
        length = size / float(direction @ product)
        x = x + length * direction
        rest = rest - length * product
        scaled = scale * rest
        size, former = float(rest @ scaled), size
        direction = scaled + (size / former) * direction
    return x


def blended(parts: list[tuple[float, FloatArray]]) -> FloatArray:
    """The weighted mean of weights."""
    total = sum(share for share, _ in parts)
    return cast("FloatArray", sum(share / total * weights for share, weights in parts))


def capped(
    weights: FloatArray, single: float | None = None, groups: NDArray[np.int64] | None = None, group: float | None = None
) -> FloatArray:
    """The weights with none above `single` and no group's sum above `group`; `groups` has the number of each member's group from 0 on.

    What lies above a cap goes to the members below theirs, in proportion to their weights, as often as that lifts others above theirs. So
    members and groups that are below all caps keep their proportions. Raises CapsTooLow where the caps cannot hold.
    """
    most = 1.0 if single is None else single
    if group is None or groups is None:
        return _filled(weights, most, 1.0)
    result = np.zeros(len(weights))
    count = int(groups.max()) + 1
    full = np.zeros(count, dtype=bool)  # the groups at their cap
    room = np.minimum(np.bincount(groups, minlength=count) * most, group)
    if float(room.sum()) < 1 - EDGE:
        raise CapsTooLow(float(room.sum()))
    while True:
        free = ~full[groups]
        left = 1 - float(room[full].sum())
        if free.any() and left > EDGE:
            result[free] = _filled(weights[free], most, left)
        else:
            result[free] = 0.0
        sums = np.bincount(groups, weights=result, minlength=count)
        above = ~full & (sums > room * (1 + EDGE))
        if not above.any():
            return result
        for number in np.flatnonzero(above):
            members = groups == number
            result[members] = _filled(weights[members], most, float(room[number]))
        full |= above


def _filled(weights: FloatArray, most: float, total: float) -> FloatArray:
    """Amounts in proportion to weights, none above `most`, that add up to `total`. Raises CapsTooLow."""
    members = len(weights)
    if members * most < total * (1 - EDGE):
        raise CapsTooLow(members * most)
    result = np.zeros(members)
    at_cap = np.zeros(members, dtype=bool)
    while not at_cap.all():
        left = max(total - most * float(np.count_nonzero(at_cap)), 0.0)
        free = weights[~at_cap]
        result[~at_cap] = left * proportional(free)
        above = ~at_cap & (result > most)
        if not above.any():
            break
        result[above] = most
        at_cap |= above
    return result
