"""The circular block bootstrap: its sums, its draws, and the quantiles that its intervals use."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.bootstrap import Blocks, block_interval, student_t, wilson

FIRST_WORDS = [4072670294090233113, 2950192865879279730, 5033864825579357814]  # of PCG64 with the seed below


@pytest.mark.parametrize(("length", "block"), [(100, 20), (101, 20), (119, 20), (7, 20), (1, 1), (50, 1)])
def test_sums_are_those_of_the_drawn_rows(length: int, block: int) -> None:
    rows = np.random.default_rng(3).normal(size=(length, 4))
    blocks = Blocks.drawn(11, length, block, 50)
    count = blocks.starts.shape[1]
    lengths = [length - (count - 1) * blocks.block] + [blocks.block] * (count - 1)
    for starts, total in zip(blocks.starts, blocks.sums(rows), strict=True):
        drawn = np.concatenate([(start + np.arange(size)) % length for start, size in zip(starts, lengths, strict=True)])
        assert len(drawn) == length
        assert total == pytest.approx(rows[drawn].sum(axis=0), abs=1e-12)


def test_the_same_seed_draws_the_same_blocks_with_any_version_of_numpy() -> None:
    assert Blocks.drawn(20_261_129, 2_849, 80, 1).starts[0, :3].tolist() == [word % 2_849 for word in FIRST_WORDS]


@pytest.mark.parametrize(("freedom", "table"), [(3, 3.1824), (5, 2.5706), (11, 2.2010), (30, 2.0423), (120, 1.9799)])
def test_quantiles_of_students_t(freedom: float, table: float) -> None:
    assert student_t(freedom) == pytest.approx(table, rel=2e-3)


@pytest.mark.parametrize(
    ("share", "count", "low", "high"),
    [(0.5917, 1_271, 0.5644, 0.6184), (0.0, 10, 0.0, 0.2775), (1.0, 10, 0.7225, 1.0), (0.5, 2, 0.0945, 0.9055)],
)
def test_wilsons_interval(share: float, count: int, low: float, high: float) -> None:
    assert wilson(share, count) == pytest.approx((low, high), abs=1e-4)


def test_a_series_shorter_than_three_blocks_gives_no_interval() -> None:
    assert not Blocks.drawn(1, 239, 80).are_enough
    assert Blocks.drawn(1, 240, 80).are_enough


def test_missing_samples_are_left_out_of_an_interval() -> None:
    blocks = Blocks.drawn(1, 1_000, 10)
    samples = np.linspace(0.0, 1.0, 1_000)[np.newaxis]
    with_missing = np.concatenate([samples, np.full((1, 50), np.nan)], axis=1)
    assert blocks.interval(np.array([0.5]), with_missing) == blocks.interval(np.array([0.5]), samples)


def test_an_interval_without_draws_is_that_of_the_draws() -> None:
    steps = np.random.default_rng(8).normal(size=2_019)
    values = np.convolve(steps, np.ones(20), "valid")  # each depends on its 19 neighbours
    blocks = Blocks.drawn(3, len(values), 80, 4_000)
    samples = blocks.sums(values[:, np.newaxis]).T / len(values)
    drawn = np.array(blocks.interval(np.array([values.mean()]), samples)).ravel()
    assert block_interval(float(values.mean()), values - values.mean(), 80) == pytest.approx(drawn, rel=0.03, abs=0.05)
