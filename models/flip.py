"""Flips: the next-day closes at which a verdict changes."""

from __future__ import annotations

from dataclasses import dataclass

from models.analysis import Verdict


@dataclass(frozen=True)
class VoteTurn:
    """An indicator whose vote differs at a flip."""

    key: str
    vote: int
    next_vote: int


@dataclass(frozen=True)
class Flip:
    """A next-day close at which the verdict changes, the new verdict, and the votes that change."""

    close: float
    verdict: Verdict
    turns: tuple[VoteTurn, ...]


@dataclass(frozen=True)
class Flips:
    """The nearest flips above and below the close; None where the verdict holds within `searched_percent`."""

    above: Flip | None
    below: Flip | None
    searched_percent: float
