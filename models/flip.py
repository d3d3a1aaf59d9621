"""What would change a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from models.analysis import Verdict


@dataclass(frozen=True)
class VoteTurn:
    """An indicator whose vote changes."""

    key: str
    vote: int
    next_vote: int


@dataclass(frozen=True)
class Flip:
    """A next-day close at which the verdict changes, the verdict then, and the votes that turn."""

    close: float
    verdict: Verdict
    turns: tuple[VoteTurn, ...]


@dataclass(frozen=True)
class Flips:
    """The nearest flips above and below the close; None where the verdict holds as far as was searched."""

    above: Flip | None
    below: Flip | None
    searched_percent: float
