"""The score, verdict and signal of the votes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.bars import FloatArray
from analysis.rules import Votes, cast_votes
from analysis.series import Series
from models.analysis import Parameters, Signal, Verdict

STRONG, WEAK = 0.6, 0.2  # thresholds of the score
ROWS_AT_ONCE = 1_024  # their intermediate lines fit into the CPU's cache


@dataclass(frozen=True)
class Score:
    """The score of each row, of shape (rows,), and each indicator's contribution to it, of shape (indicators, rows)."""

    score: FloatArray
    contributions: FloatArray


def score_of(votes: Votes, weights: Mapping[str, float]) -> Score:
    """Σ(vote·confidence·weight) / Σ(confidence·weight) over the available voting indicators, from −1 to 1; 0 where the denominator is 0."""
    weighted = votes.confidence * np.array([[weights.get(key, 0.0)] for key in votes.keys])
    total = _sum_lines(weighted)
    np.copyto(total, 1.0, where=total == 0)
    contributions = np.multiply(votes.vote, weighted, out=weighted)
    contributions /= total
    return Score(np.clip(_sum_lines(contributions), -1.0, 1.0), contributions)


def scores_of(series: Series[FloatArray], parameters: Parameters) -> FloatArray:
    """The score of each row, of shape (rows,), in memory that does not grow with the rows. Call it within `divisions_by_zero_ignored`."""
    pieces = (tuple(values[first : first + ROWS_AT_ONCE] for values in series) for first in range(0, len(series.close), ROWS_AT_ONCE))
    return np.concatenate([score_of(cast_votes(parameters.indicators, Series(*piece)), parameters.weights).score for piece in pieces])


def _sum_lines(lines: FloatArray) -> FloatArray:
    # Both add line by line, each on a shape where it is the faster one; numpy's sum would add a single row in another order. It begins with
    # 0.0, to which −0.0 adds up to 0.0; −0.0 changes no sum.
    is_single = lines.shape[1] == 1
    total: FloatArray = np.add.accumulate(lines, axis=0)[-1] if is_single else np.add.reduce(lines, axis=0, initial=-0.0)
    return total


def verdict_of(score: float) -> Verdict:
    """The verdict of an unrounded score."""
    if score >= STRONG:
        return Verdict.STRONG_BUY
    if score >= WEAK:
        return Verdict.BUY
    if score <= -STRONG:
        return Verdict.STRONG_SELL
    if score <= -WEAK:
        return Verdict.SELL
    return Verdict.HOLD


def signal_of(score: float) -> Signal:
    """The signal of an unrounded score."""
    return Signal.BUY if score >= WEAK else Signal.SELL if score <= -WEAK else Signal.HOLD


# The verdicts in the order of their codes.
VERDICTS = (Verdict.STRONG_SELL, Verdict.SELL, Verdict.HOLD, Verdict.BUY, Verdict.STRONG_BUY)


def verdict_codes(scores: FloatArray) -> NDArray[np.int8]:
    """The index in VERDICTS of the verdict of each score, by the comparisons of `verdict_of`."""
    codes = (scores >= WEAK).view(np.int8) + (scores >= STRONG).view(np.int8)
    codes -= (scores <= -WEAK).view(np.int8) + (scores <= -STRONG).view(np.int8)
    codes += 2
    return codes
