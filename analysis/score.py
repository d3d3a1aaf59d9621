"""From votes to one number and its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.bars import FloatArray
from analysis.rules import Votes
from models.analysis import Signal, Verdict

STRONG, WEAK = 0.6, 0.2


@dataclass(frozen=True)
class Score:
    """The score of each row, and each indicator's part of it: one line an indicator, adding up to the score."""

    score: FloatArray
    contributions: FloatArray


def score_of(votes: Votes, weights: Mapping[str, float]) -> Score:
    """Σ(vote·confidence·weight) / Σ(confidence·weight) over the indicators that vote and are available; 0 where nothing has any say."""
    say = votes.confidence * np.array([[weights.get(key, 0.0)] for key in votes.keys])
    total = _sum_lines(say)
    contributions = votes.vote * say / np.where(total == 0, 1.0, total)
    score = np.minimum(np.maximum(_sum_lines(contributions), -1.0), 1.0)
    return Score(score, contributions)


def _sum_lines(lines: FloatArray) -> FloatArray:
    # numpy's own sum may add in another order for one row than for many; accumulate goes line by line for both.
    total: FloatArray = np.add.accumulate(lines, axis=0)[-1]
    return total


def verdict_of(score: float) -> Verdict:
    """The unrounded score in words."""
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
    """What to do at a score."""
    return Signal.BUY if score >= WEAK else Signal.SELL if score <= -WEAK else Signal.HOLD
