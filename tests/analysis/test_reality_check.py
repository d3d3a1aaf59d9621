"""The reality check: how often it cries wolf, and whether it sees an edge. test_backtest_golden.py holds it beside arch."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.bars import FloatArray
from analysis.bootstrap import Blocks
from analysis.reality_check import FEWEST_DAYS, reality_check


def noise(seed: int, days: int = 500, strategies: int = 5) -> FloatArray:
    """Daily returns without edge, which depend on the days before them as those of positions do."""
    shocks = np.random.default_rng(seed).normal(0.0, 0.01, (days + 4, strategies))
    total: FloatArray = np.array([shocks[lag : lag + days] for lag in range(5)]).sum(axis=0) / math.sqrt(5)
    return total


def test_without_an_edge_it_is_rarely_sure() -> None:
    """Within the error of 300 draws; Hansen's test is known to be a little too sure of few days."""
    hold = np.zeros(1_500)
    outcomes = [reality_check(noise(seed, 1_500), hold, seed) for seed in range(300)]
    for sure in (0.05, 0.1, 0.25):
        assert np.mean([outcome.white <= sure for outcome in outcomes]) == pytest.approx(sure, abs=0.04)
        assert np.mean([outcome.hansen <= sure for outcome in outcomes]) == pytest.approx(sure + 0.03, abs=0.05)


def test_it_sees_an_edge() -> None:
    returns = noise(1, 1_500)
    returns[:, 3] += 0.003
    outcome = reality_check(returns, np.zeros(1_500), 1)
    assert outcome is not None
    assert max(outcome.white, outcome.hansen) < 0.01
    assert (outcome.days, outcome.block) == (1_500, 38)


def test_poor_strategies_do_not_weaken_hansens_test() -> None:
    returns, hold = noise(2, 1_000, 1), np.zeros(1_000)
    returns += 0.0012
    poor = 3 * noise(3, 1_000, 15) - 0.02
    alone, among = reality_check(returns, hold, 5), reality_check(np.hstack([returns, poor]), hold, 5)
    assert alone is not None
    assert among is not None
    assert among.hansen == alone.hansen
    assert among.white > alone.white


def test_it_equals_the_definition_with_explicit_rows() -> None:
    returns, hold = noise(7, 200, 4) + 0.0005, noise(8, 200, 1)[:, 0]
    blocks = Blocks.drawn(9, 200, 14)
    ahead = returns - hold[:, None]
    means = blocks.sums(ahead) / 200
    mean, error = ahead.mean(axis=0), means.std(axis=0)
    bound = -error * math.sqrt(2 * math.log(math.log(200)))
    white = sum(max(sample - mean) >= max(mean) for sample in means) / len(means)
    kept = np.where(mean >= bound, mean, 0.0)
    hansen = sum(max(0, *((sample - kept) / error)) >= max(0, *(mean / error)) for sample in means) / len(means)
    outcome = reality_check(returns, hold, 9)
    assert outcome is not None
    assert (outcome.white, outcome.hansen) == (white, hansen)


def test_the_same_seed_gives_the_same_answer() -> None:
    assert reality_check(noise(4), np.zeros(500), 11) == reality_check(noise(4), np.zeros(500), 11)
    assert reality_check(noise(4), np.zeros(500), 11) != reality_check(noise(4), np.zeros(500), 12)


def test_what_cannot_be_judged() -> None:
    days = FEWEST_DAYS - 1
    assert reality_check(noise(1, days), np.zeros(days), 1) is None
    hold = noise(1, 300, 1)
    assert reality_check(hold, hold[:, 0], 1) is None
    assert reality_check(np.hstack([hold, noise(2, 300, 1)]), hold[:, 0], 1) is not None
