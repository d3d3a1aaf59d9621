"""Honesty of scores: whether they know the future, and how much they depend on where the history begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from models.analysis import Verdict


@dataclass(frozen=True)
class ScoreDifference:
    """A day whose score is another one with the bars after it."""

    day: date
    score: float
    verdict: Verdict
    score_with_future: float
    verdict_with_future: Verdict


@dataclass(frozen=True)
class LookAhead:
    """Scores of days computed without the bars after them, beside those that the whole history gives the same days.

    `changed` counts the days whose verdict is another one, `examples` has those that differ most by more than rounding.
    """

    days: int
    first: date | None
    last: date | None
    max_difference: float
    changed: int
    examples: tuple[ScoreDifference, ...]


@dataclass(frozen=True)
class Recursion:
    """Scores of the days with only their last `bars` bars, beside those with all bars up to them; `days` have more than so many."""

    bars: int
    days: int
    max_difference: float
    verdict_changes: int


@dataclass(frozen=True)
class Honesty:
    """Both checks, and what they mean in sentences: `clean` if no score knows the future."""

    clean: bool
    lookahead: LookAhead
    recursion: tuple[Recursion, ...]
    meaning: tuple[str, ...]
