"""The deflated Sharpe ratio beside the example of its paper."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.deflated_sharpe import SharpeEstimate, deflated_sharpe, estimate_of, expected_best, spread_of

# Five years of 250 days at a yearly Sharpe ratio of 2.5, whose variance over the trials is a half.
PAPER = SharpeEstimate(sharpe=2.5 / math.sqrt(250), observations=1_250, skewness=-3.0, kurtosis=10.0)
SPREAD = 0.5 / 250


@pytest.mark.parametrize(("trials", "probability"), [(100, 0.90040), (46, 0.95050)])
def test_the_example_of_the_paper(trials: int, probability: float) -> None:
    assert deflated_sharpe(PAPER, trials, SPREAD) == pytest.approx(probability, abs=5e-6)


def test_what_the_best_of_a_hundred_is_expected_to_have() -> None:
    assert expected_best(100, SPREAD) * math.sqrt(250) == pytest.approx(1.7894, abs=5e-5)


def test_one_trial_is_not_deflated() -> None:
    assert expected_best(1, SPREAD) == 0
    alone = deflated_sharpe(PAPER, 1, SPREAD)
    assert alone is not None
    assert alone > deflated_sharpe(PAPER, 2, SPREAD)
    assert deflated_sharpe(SharpeEstimate(0.0, *PAPER[1:]), 1, 0.0) == 0.5


def test_more_trials_never_raise_it() -> None:
    probabilities = [deflated_sharpe(PAPER, trials, SPREAD) or 0.0 for trials in range(1, 300)]
    assert probabilities == sorted(probabilities, reverse=True)


def test_the_moments_of_returns() -> None:
    returns = np.array([0.01, -0.02, 0.03, 0.0, 0.01, -0.01])
    estimate = estimate_of(returns)
    assert estimate is not None
    centred = returns - returns.mean()
    assert estimate.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1))
    assert estimate.skewness == pytest.approx((centred**3).mean() / returns.std() ** 3)
    assert estimate.kurtosis == pytest.approx((centred**4).mean() / returns.std() ** 4)
    normal = estimate_of(np.random.default_rng(1).normal(0.0, 0.01, 100_000))
    assert normal is not None
    assert (normal.skewness, normal.kurtosis) == pytest.approx((0.0, 3.0), abs=0.05)


def test_what_has_no_value() -> None:
    assert estimate_of(np.zeros(100)) is None
    assert estimate_of(np.full(100, 0.01)) is None
    assert estimate_of(np.array([0.01, 0.02])) is None
    assert deflated_sharpe(SharpeEstimate(2.0, 100, 5.0, 3.0), 10, 0.1) is None
    assert spread_of([0.1]) == 0
    assert spread_of([0.1, 0.3]) == pytest.approx(0.02)
