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
class NextClose:
    """A next-day close, the verdict and score that it gives, and the votes that it turns."""

    close: float
    score: float
    verdict: Verdict
    turns: tuple[VoteTurn, ...]


@dataclass(frozen=True)
class Flips:
    """What an unchanged close gives, and the nearest closes above and below it that give another verdict than that.

    The turns of `unchanged` are from the newest day, those of `above` and `below` from the unchanged close. None where the verdict holds
    within `searched_percent` of the close.
    """

    unchanged: NextClose
    above: NextClose | None
    below: NextClose | None
    searched_percent: float
