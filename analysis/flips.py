"""Flips: what the next day's close makes of a verdict.

The hypothetical next day opens at the newest close, trades between its open and its close, and has the mean volume of the last 20 bars.
A day passes even where the price does not move: windows move on, so an unchanged close alone can give another verdict. It is reported
first, and the flips are the nearest closes that differ from it. The score is not monotone in the close, so the search goes outwards in
steps of 0.25 % and bisects the first step with a change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from analysis.bars import Bars
from analysis.engine import newest_score
from analysis.score import verdict_of
from models.analysis import Parameters, Verdict
from models.flip import ContributionChange, Flips, NextClose, VoteTurn

STEP = 0.0025
FARTHEST = 0.25  # of the close, as are the step and the precision
PRECISION = 1e-6
MEAN_VOLUME_BARS = 20


class _Outcome(NamedTuple):
    """What the engine makes of a day."""

    score: float
    verdict: Verdict
    votes: dict[str, int]
    contributions: dict[str, float]


def find_flips(bars: Bars, parameters: Parameters, check: Callable[[], None] = lambda: None) -> Flips:
    """What an unchanged next close gives, and the nearest flips from that within 25 % above and below the newest close.

    `check` is called before each of at most 250 runs of the engine, and may raise to end the search.
    """
    day = _NextDay(bars, parameters, check)
    today, unchanged = _outcome(bars, parameters), day.at(0.0)
    return Flips(
        unchanged=_next_close(day.close, unchanged, today),
        above=_search(day, unchanged, 1.0),
        below=_search(day, unchanged, -1.0),
        searched_percent=100 * FARTHEST,
    )


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

    def price(self, move: float) -> float:
        """The newest close, moved by a fraction of it."""
        return self.close * (1 + move)

    def at(self, move: float) -> _Outcome:
        """The outcome if the next day closes at `price(move)`."""
        self._check()
        close = self.price(move)
        self._bars.close[-1] = close
        self._bars.high[-1] = max(close, self.close)
        self._bars.low[-1] = min(close, self.close)
        return _outcome(self._bars, self.parameters)


def _outcome(bars: Bars, parameters: Parameters) -> _Outcome:
    newest = newest_score(bars, parameters)
    return _Outcome(newest.score, verdict_of(newest.score), newest.votes, newest.contributions)


def _search(day: _NextDay, unchanged: _Outcome, direction: float) -> NextClose | None:
    holds = 0.0  # the largest move so far at which the verdict holds
    for step in range(1, round(FARTHEST / STEP) + 1):
        move = direction * step * STEP
        if day.at(move).verdict != unchanged.verdict:
            flips = _narrow(day, unchanged.verdict, holds, move)
            return _next_close(day.price(flips), day.at(flips), unchanged)
        holds = move
    return None


def _narrow(day: _NextDay, verdict: Verdict, holds: float, flips: float) -> float:
    """Bisect between a move that holds the verdict and one that flips it; the smallest that flips, to PRECISION."""
    while abs(flips - holds) > PRECISION:
        middle = (holds + flips) / 2
        if day.at(middle).verdict == verdict:
            holds = middle
        else:
            flips = middle
    return flips


def _next_close(close: float, outcome: _Outcome, before: _Outcome) -> NextClose:
    turns = (VoteTurn(key, before.votes[key], vote) for key, vote in outcome.votes.items() if vote != before.votes[key])
    contributions = (ContributionChange(key, before.contributions[key], after) for key, after in outcome.contributions.items())
    changes = [change for change in contributions if change.contribution != change.next_contribution]
    changes.sort(key=lambda change: abs(change.next_contribution - change.contribution), reverse=True)
    return NextClose(close, outcome.score, outcome.verdict, tuple(turns), tuple(changes))
