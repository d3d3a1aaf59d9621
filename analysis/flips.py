"""Flips: the nearest next-day closes at which the verdict changes.

The hypothetical next day opens at the newest close, trades between its open and its close, and has the mean volume of the last 20 bars.
The score is not monotone in that close, so the search goes outwards in steps of 0.25 % and bisects the first step with a change.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.bars import Bars
from analysis.engine import newest_score
from analysis.score import verdict_of
from models.analysis import Parameters, Verdict
from models.flip import Flip, Flips, VoteTurn

STEP = 0.0025
FARTHEST = 0.25  # of the close, as are the step and the precision
PRECISION = 1e-6
MEAN_VOLUME_BARS = 20


def find_flips(bars: Bars, parameters: Parameters, check: Callable[[], None] = lambda: None) -> Flips:
    """The nearest flips within 25 % above and below the newest close.

    `check` is called before each of at most 250 runs of the engine, and may raise to end the search.
    """
    day = _NextDay(bars, parameters, check)
    score, votes = newest_score(bars, parameters)
    verdict = verdict_of(score)
    return Flips(_search(day, verdict, votes, 1.0), _search(day, verdict, votes, -1.0), 100 * FARTHEST)


class _NextDay:
    """The bars and a hypothetical next one, whose close is variable."""

    def __init__(self, bars: Bars, parameters: Parameters, check: Callable[[], None]) -> None:
        self.parameters = parameters
        self._check = check
        self.close = float(bars.close[-1])
        volume = float(bars.volume[-MEAN_VOLUME_BARS:].mean())
        self._bars = Bars(
            np.append(bars.days, bars.days[-1] + np.timedelta64(1, "D")),
            np.append(bars.open, self.close),
            np.append(bars.high, self.close),
            np.append(bars.low, self.close),
            np.append(bars.close, self.close),
            np.append(bars.volume, volume),
        )

    def at(self, close: float) -> tuple[Verdict, dict[str, int]]:
        """The verdict and votes if the next day closes at `close`."""
        self._check()
        self._bars.close[-1] = close
        self._bars.high[-1] = max(close, self.close)
        self._bars.low[-1] = min(close, self.close)
        score, votes = newest_score(self._bars, self.parameters)
        return verdict_of(score), votes


def _search(day: _NextDay, verdict: Verdict, votes: dict[str, int], direction: float) -> Flip | None:
    holds = 0.0  # the largest move so far at which the verdict holds
    for step in range(round(FARTHEST / STEP) + 1):
        move = step * STEP
        if day.at(day.close * (1 + direction * move))[0] != verdict:
            return _flip(day, votes, direction, _narrow(day, verdict, direction, holds, move))
        holds = move
    return None


def _narrow(day: _NextDay, verdict: Verdict, direction: float, holds: float, flips: float) -> float:
    """Bisect between a move that holds the verdict and one that flips it; the smallest that flips, to PRECISION."""
    while flips - holds > PRECISION:
        middle = (holds + flips) / 2
        if day.at(day.close * (1 + direction * middle))[0] == verdict:
            holds = middle
        else:
            flips = middle
    return flips


def _flip(day: _NextDay, votes: dict[str, int], direction: float, move: float) -> Flip:
    close = day.close * (1 + direction * move)
    verdict, next_votes = day.at(close)
    turns = tuple(VoteTurn(key, votes[key], vote) for key, vote in next_votes.items() if vote != votes[key])
    return Flip(close, verdict, turns)
