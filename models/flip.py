"""Flips: the next-day closes at which a verdict changes."""

from __future__ import annotations

from dataclasses import dataclass

from models.analysis import Verdict


@dataclass(frozen=True)
class VoteTurn:
    """An indicator whose vote differs."""

    key: str
    vote: int
    next_vote: int


@dataclass(frozen=True)
class ContributionChange:
    """An indicator whose contribution to the score differs."""

    key: str
    contribution: float
    next_contribution: float


@dataclass(frozen=True)
class NextClose:
    """A next-day close, the verdict and score that it gives, the votes that it turns, and the contributions that change, the largest first.

    The changes add up to the change of the score.
    """

    close: float
    score: float
    verdict: Verdict
    turns: tuple[VoteTurn, ...]
    changes: tuple[ContributionChange, ...]


@dataclass(frozen=True)
class Flips:
    """What an unchanged close gives, and the nearest closes above and below it that give another verdict than that.

    The turns and changes of `unchanged` are from the newest day, those of the others from the unchanged close. None where the verdict holds
    within `searched_percent` of the close.
    """

    unchanged: NextClose
    above: NextClose | None
    below: NextClose | None
    searched_percent: float
