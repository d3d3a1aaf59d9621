"""The weights of an index: what they follow, and caps.

What skfolio finds is made by `python -m benchmarks.weights_golden`, which needs it; the tests do not.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.bars import FloatArray
from analysis.covariance import Covariance, shrunk_covariance
from analysis.weights import CapsTooLow, blended, capped, equal_risk, inverse_volatility, proportional

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden/weights.json").read_text())
some_weights = st.lists(st.floats(0.001, 1), min_size=2, max_size=40).map(lambda values: np.array(values) / sum(values))


def factor_returns(members: int, days: int, seed: int = 1) -> FloatArray:
    """Returns that a few factors move, with volatilities that differ fifty-fold."""
    random = np.random.default_rng(seed)
    moved = random.normal(size=(days, 4)) @ random.normal(size=(4, members))
    return np.asarray(0.01 * (moved + random.normal(size=(days, members)) * random.uniform(0.1, 5, members)))


def covariance_of(matrix: FloatArray) -> Covariance:
    """A covariance as the class has it."""
    spread = np.sqrt(np.diag(matrix))
    return Covariance(spread, np.linalg.cholesky(matrix / np.outer(spread, spread)).T)


def unevenness(weights: FloatArray, covariance: FloatArray) -> float:
    """By how much the risk contributions of members differ from their mean, as a fraction of it."""
    contributions = weights * (covariance @ weights)
    return float(np.abs(contributions / contributions.mean() - 1).max())


@pytest.mark.parametrize(("members", "days"), [(1, 252), (2, 252), (30, 252), (500, 252), (500, 60)])
def test_each_member_has_the_same_part_of_the_risk(members: int, days: int) -> None:
    covariance = shrunk_covariance(factor_returns(members, days))
    weights = equal_risk(covariance)
    assert weights.min() > 0
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert unevenness(weights, covariance.matrix()) <= 1e-10


@pytest.mark.parametrize(
    "covariance",
    [
        [[1, -0.9999], [-0.9999, 1]],
        [[1e-8, 0, 0], [0, 1, 0], [0, 0, 1e8]],
        [[4, 1.9, 0], [1.9, 1, -0.2], [0, -0.2, 9]],
    ],
)
def test_parts_of_the_risk_are_equal_where_it_is_hard(covariance: list[list[float]]) -> None:
    matrix = np.array(covariance, dtype=np.float64)
    assert unevenness(equal_risk(covariance_of(matrix)), matrix) <= 1e-8


@pytest.mark.parametrize("name", GOLDEN)
def test_weights_of_equal_risk_are_those_of_skfolio(name: str) -> None:
    golden = GOLDEN[name]
    found = equal_risk(covariance_of(np.array(golden["covariance"])))
    assert found == pytest.approx(golden["weights"], abs=1e-7)  # of its solver, which ends at about 1e-8


def test_without_correlation_parts_of_the_risk_follow_volatility_alone() -> None:
    volatility = np.array([0.1, 0.2, 0.4])
    assert equal_risk(covariance_of(np.diag(volatility**2))) == pytest.approx((1 / volatility) / (1 / volatility).sum())


def test_a_shrunk_covariance_can_be_inverted_and_keeps_variances() -> None:
    returns = factor_returns(80, 40)
    sample = np.cov(returns.T, ddof=0)
    shrunk = shrunk_covariance(returns).matrix()
    assert np.linalg.matrix_rank(sample) < 80
    assert np.linalg.eigvalsh(shrunk).min() > 0
    assert np.diag(shrunk) == pytest.approx(np.diag(sample))
    assert (np.abs(shrunk - np.diag(np.diag(shrunk))) <= np.abs(sample - np.diag(np.diag(sample))) + 1e-18).all()


def test_a_long_sample_is_hardly_shrunk() -> None:
    returns = factor_returns(3, 200_000)
    assert shrunk_covariance(returns).matrix() == pytest.approx(np.cov(returns.T, ddof=0), rel=1e-3, abs=1e-9)


def test_calm_members_weigh_more() -> None:
    returns = np.array([[0.01, 0.02], [-0.01, -0.02], [0.01, 0.02], [-0.01, -0.02]])
    assert inverse_volatility(returns) == pytest.approx([2 / 3, 1 / 3])


def test_amounts_below_zero_get_nothing_and_none_above_means_equal() -> None:
    assert proportional(np.array([3.0, -1.0, 1.0])).tolist() == [0.75, 0.0, 0.25]
    assert proportional(np.array([-3.0, 0.0])).tolist() == [0.5, 0.5]
    assert proportional(np.array([1.6e308, 1.6e308])).tolist() == [0.5, 0.5]


def test_a_blend_is_the_mean_by_shares() -> None:
    assert blended([(3, np.array([1.0, 0.0])), (1, np.array([0.0, 1.0]))]).tolist() == [0.75, 0.25]


def test_what_lies_above_a_cap_goes_to_the_others_in_proportion() -> None:
    assert capped(np.array([0.5, 0.3, 0.1, 0.1]), 0.4) == pytest.approx([0.4, 0.36, 0.12, 0.12])
    # The second one is lifted above its cap by what the first one loses, and loses it in turn.
    assert capped(np.array([0.6, 0.3, 0.05, 0.05]), 0.35) == pytest.approx([0.35, 0.35, 0.15, 0.15])


def test_a_group_keeps_its_cap_and_its_proportions() -> None:
    groups: NDArray[np.int64] = np.array([0, 0, 1, 2])
    assert capped(np.array([0.4, 0.4, 0.1, 0.1]), None, groups, 0.4) == pytest.approx([0.2, 0.2, 0.3, 0.3])
    # Within the group at its cap, the first one is at its own cap.
    both = capped(np.array([0.5, 0.1, 0.2, 0.2]), 0.3, groups, 0.45)
    assert both == pytest.approx([0.3, 0.1 / 0.5 * 0.7, 0.28, 0.28])


def test_weights_of_nothing_are_lifted_where_the_caps_leave_something() -> None:
    assert capped(np.array([1.0, 0.0, 0.0]), 0.4) == pytest.approx([0.4, 0.3, 0.3])


@pytest.mark.parametrize(("single", "group"), [(0.3, None), (None, 0.4), (0.2, 0.4)])
def test_caps_that_leave_no_way_are_refused(single: float | None, group: float | None) -> None:
    with pytest.raises(CapsTooLow):
        capped(np.array([0.4, 0.3, 0.3]), single, np.array([0, 0, 1]), group)


@given(some_weights, st.floats(0, 1), st.floats(0, 1), st.randoms(use_true_random=False))
def test_caps_hold_and_the_weights_add_up(weights: FloatArray, single_part: float, group_part: float, random: object) -> None:
    count = len(weights)
    groups = np.array([random.randrange(min(count, 5)) for _ in range(count)])  # type: ignore[attr-defined]
    groups = np.unique(groups, return_inverse=True)[1]
    single = 1 / count + single_part * (1 - 1 / count)
    least = min(1.0, max(1 / (groups.max() + 1), float(np.bincount(groups).max()) * single))
    group = least + group_part * (1 - least)
    try:
        found = capped(weights, single, groups, group)
    except CapsTooLow:
        assert np.minimum(np.bincount(groups) * single, group).sum() < 1
        return
    assert found.sum() == pytest.approx(1, abs=1e-9)
    assert found.max() <= single * (1 + 1e-9)
    assert np.bincount(groups, weights=found).max() <= group * (1 + 1e-9)
    # Among members below all caps the proportions are those that they had.
    sums = np.bincount(groups, weights=found)
    free = (found < single * (1 - 1e-6)) & (sums[groups] < group * (1 - 1e-6))
    if np.count_nonzero(free) > 1:
        ratios = found[free] / weights[free]
        assert ratios == pytest.approx(np.full(len(ratios), ratios[0]), rel=1e-6)
