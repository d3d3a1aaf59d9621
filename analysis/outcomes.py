"""What came after each day's verdict: the days that count, their verdicts and the returns of an entry at the next open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.bars import Bars, BoolArray, FloatArray
from analysis.score import verdict_codes
from models.evidence import WARMUP

BASIS_POINTS = 10_000.0


@dataclass(frozen=True)
class Outcomes:
    """The days that count at one horizon, from the bar `first` on: arrays of shape (days,).

    `codes` are indexes in score.VERDICTS. `returns` are fractions before cost, from the open of the next bar to that `horizon` bars later.
    """

    first: int
    horizon: int
    codes: NDArray[np.int8]
    returns: FloatArray

    def __len__(self) -> int:
        return len(self.returns)


def run_starts(codes: NDArray[np.int8]) -> BoolArray:
    """Whether each day begins a run of one verdict: an episode."""
    starts = np.ones(len(codes), dtype=np.bool_)
    np.not_equal(codes[1:], codes[:-1], out=starts[1:])
    return starts


def first_day_that_counts(bars: Bars, start: np.datetime64 | None = None) -> int:
    """The index of the first bar with WARMUP bars before it, from `start` on."""
    return WARMUP if start is None else max(WARMUP, int(np.searchsorted(bars.days, start)))


def outcomes_of(bars: Bars, scores: FloatArray, horizon: int, first: int = WARMUP) -> Outcomes:
    """The days from `first` on whose outcome is known, given the score of each bar."""
    days = max(0, len(bars) - first - 1 - horizon)
    entries = bars.open[first + 1 : first + 1 + days]
    returns = bars.open[first + 1 + horizon : first + 1 + horizon + days] / entries
    returns -= 1.0
    return Outcomes(first, horizon, verdict_codes(scores[first : first + days]), returns)
