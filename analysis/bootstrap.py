"""The circular block bootstrap: intervals for series whose neighbouring values depend on each other.

Days are resampled in blocks that wrap around the end (Politis and Romano, 1992), so that a resample keeps the dependence within a block.
Sums of blocks come from prefix sums; no matrix of indexes is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from analysis.bars import FloatArray
from models.evidence import LEVEL

REPETITIONS = 1_000
BLOCK_HORIZONS = 4  # the length of a block: overlapping returns depend on each other over one horizon, prices and verdicts for longer
FEWEST_BLOCKS = 3  # in a series: with fewer, its resamples hardly differ
_OVERLAP = 1 / 12  # of the variance is lost between blocks of four times the length over which values depend on each other
_Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)


@dataclass(frozen=True)
class Blocks:
    """The resamples of a series of `length` rows by blocks of `block` rows: the starts of theirs, of shape (repetitions, blocks).

    The last block of each resample is cut, so that each has as many rows as the series.
    """

    length: int
    block: int
    starts: NDArray[np.int64]

    @classmethod
    def drawn(cls, seed: int, length: int, block: int, repetitions: int = REPETITIONS) -> Blocks:
        """Draw blocks. The same seed draws the same ones with every version of numpy: its words of 64 bits are stable, its integers not."""
        block = min(block, length)
        count = -(-length // block)
        words = np.random.PCG64(seed).random_raw(repetitions * count)
        return cls(length, block, (words % np.uint64(length)).astype(np.int64).reshape(repetitions, count))

    @property
    def are_enough(self) -> bool:
        """Whether the series is long enough for an interval."""
        return self.length >= FEWEST_BLOCKS * self.block

    def sums(self, rows: FloatArray) -> FloatArray:
        """The sums of the columns of each resample, of shape (repetitions, columns), given rows of shape (length, columns)."""
        count = self.starts.shape[1]
        first, *rest = self.starts.T
        total: FloatArray = _block_sums(rows, self.length - (count - 1) * self.block)[first]
        if rest:
            whole = _block_sums(rows, self.block)
            for start in rest:
                total += whole[start]
        return total

    def interval(self, estimate: FloatArray, samples: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The bounds of each of several statistics, of shape (statistics,), given their samples of shape (statistics, repetitions).

        They are the percentiles of the samples, moved away from the estimate by what few blocks and the cuts between them take from the
        spread: Student's t instead of the normal distribution, and the bias of the variance. NaN among samples is left out.
        """
        tail = 50.0 * (1 - LEVEL)
        quantiles = np.nanpercentile if np.isnan(samples).any() else np.percentile
        low, high = quantiles(samples, [tail, 100.0 - tail], axis=1)
        stretch = _stretch(self.length / self.block)
        return estimate - (estimate - low) * stretch, estimate + (high - estimate) * stretch


def block_interval(estimate: float, influence: FloatArray, block: int) -> tuple[float, float]:
    """The bounds of a statistic, given what each row adds to it, of shape (rows,) and mean 0, by the spread that resamples tend to.

    None are drawn: the variance of a mean of drawn blocks is known from the sums of all of them. It is as good as the percentiles where the
    statistic is nearly normal, and costs a hundredth of them.
    """
    length = len(influence)
    sums = _block_sums(influence[:, np.newaxis], block)[:, 0]
    error = float(np.sqrt(sums @ sums / length / (length * block)))
    half = _Z * _stretch(length / block) * error
    return estimate - half, estimate + half


def _stretch(blocks: float) -> float:
    """What an interval of so many blocks is wider by than the spread of its resamples."""
    return student_t(blocks - 1) / _Z * float(np.sqrt(blocks / (blocks - 1) / (1 - _OVERLAP)))


def _block_sums(rows: FloatArray, block: int) -> FloatArray:
    """The sums over the blocks of a length that start at each row, of the shape of `rows`; those at the end go on at the start."""
    length = len(rows)
    prefix = np.zeros((length + block + 1, rows.shape[1]))
    np.cumsum(np.concatenate([rows, rows[:block]]), axis=0, out=prefix[1:])
    return prefix[block : block + length] - prefix[:length]


def student_t(freedom: float) -> float:
    """The two-sided quantile of Student's t at LEVEL, by the expansion of Abramowitz and Stegun, 26.7.5: within 0.1 % from 3 degrees on."""
    z = _Z
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160,
    )
    return z + float(sum(term / freedom**power for power, term in enumerate(terms, 1)))


def wilson(share: float, count: float) -> tuple[float, float]:
    """Wilson's interval of a share of `count` independent trials (1927), at LEVEL."""
    square = _Z**2
    middle, spread = share + square / (2 * count), _Z * (share * (1 - share) / count + square / (4 * count**2)) ** 0.5
    scale = 1 + square / count
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
