"""Two checks of a rule that scores days: does a score know the future, and how much does it depend on where the history begins.

Look-ahead: a day is scored once without the bars after it, which are adjusted anew, and once within the whole history. A rule that reads
only what was known gives both the same score but for rounding. Recursion: the day is scored with only its last bars. Moving averages
never forget their beginning entirely, so that scores differ, the less the more bars there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from analysis.bars import Bars, FloatArray
from analysis.engine import newest_score, signal_history
from analysis.quality import MINIMUM_BARS
from analysis.score import verdict_of
from models.analysis import Parameters
from models.evidence import WARMUP
from models.honesty import Honesty, LookAhead, Recursion, ScoreDifference

DAYS = 60  # that are checked
LENGTHS = (120, 200, 250, 300, 400, 500, 750, 1_000)  # bars
ROUNDING = 1e-9  # differences of scores up to this come from the order of additions
MOST_EXAMPLES = 5

BarsBetween = Callable[[int, int], Bars]
"""The bars from an index up to but not including another, adjusted as if there were no others."""


class Rule(NamedTuple):
    """How bars are scored: each bar of a history, and the newest bar alone."""

    history: Callable[[Bars], FloatArray]
    newest: Callable[[Bars], float]


def rule_of(parameters: Parameters) -> Rule:
    """The engine's own rule."""
    return Rule(lambda bars: signal_history(bars, parameters).score, lambda bars: newest_score(bars, parameters).score)


def check_honesty(count: int, between: BarsBetween, rule: Rule, check: Callable[[], None] = lambda: None) -> Honesty:
    """Check a rule on a history of `count` bars. `check` is called before each day's scores, and may raise to end the work."""
    days = days_to_check(count)
    whole = between(0, count)
    with_future = rule.history(whole)[days].tolist()
    scores: list[float] = []
    for day in days:
        check()
        scores.append(rule.newest(between(0, day + 1)))
    lookahead = _look_ahead(whole, days, scores, with_future)
    recursion = tuple(_recursion(length, list(zip(days, scores, strict=True)), between, rule, check) for length in LENGTHS)
    recursion = tuple(row for row in recursion if row.days)
    clean = lookahead.max_difference <= ROUNDING
    return Honesty(clean, lookahead, recursion, (_told_future(lookahead), *_told_beginning(recursion)))


def days_to_check(count: int) -> list[int]:
    """Indexes of up to 60 bars, spread evenly over those that evidence counts, the last one included.

    A history too short for any has those which an analysis can be made of.
    """
    first = WARMUP if count > WARMUP else MINIMUM_BARS - 1
    spread = np.linspace(first, count - 1, min(DAYS, max(0, count - first)))
    return [int(day) for day in np.rint(spread)]


def _look_ahead(whole: Bars, days: Sequence[int], scores: Sequence[float], with_future: Sequence[float]) -> LookAhead:
    found = [
        (abs(score - later), ScoreDifference(whole.day(day), score, verdict_of(score), later, verdict_of(later)))
        for day, score, later in zip(days, scores, with_future, strict=True)
    ]
    found.sort(key=lambda one: one[0], reverse=True)
    return LookAhead(
        days=len(days),
        first=whole.day(days[0]) if days else None,
        last=whole.day(days[-1]) if days else None,
        max_difference=found[0][0] if found else 0.0,
        changed=sum(one.verdict != one.verdict_with_future for _, one in found),
        examples=tuple(one for difference, one in found[:MOST_EXAMPLES] if difference > ROUNDING),
    )


def _recursion(length: int, scored: Sequence[tuple[int, float]], between: BarsBetween, rule: Rule, check: Callable[[], None]) -> Recursion:
    differences, changes = [0.0], 0
    longer = [(day, score) for day, score in scored if day + 1 > length]
    for day, score in longer:
        check()
        short = rule.newest(between(day + 1 - length, day + 1))
        differences.append(abs(short - score))
        changes += verdict_of(short) != verdict_of(score)
    return Recursion(length, len(longer), max(differences), changes)


def _told_future(found: LookAhead) -> str:
    if not found.days:
        return f"Nothing could be checked: an analysis needs {MINIMUM_BARS} bars."
    days = "1 day" if found.days == 1 else f"{found.days} days"
    if found.max_difference > ROUNDING:
        return (
            f"Look-ahead found: on {days}, scores change by up to {found.max_difference:.2g} when later prices are known, "
            f"and {found.changed} verdicts with them. The record of such a rule is worth nothing."
        )
    return f"No look-ahead: on {days}, later prices change no score by more than rounding, and {found.changed or 'no'} verdict."


def _told_beginning(recursion: Sequence[Recursion]) -> tuple[str, ...]:
    if not recursion:
        return ()
    # The shortest length from which on no verdict changes.
    settled = None
    for row in reversed(recursion):
        if row.verdict_changes:
            break
        settled = row
    worst = max(recursion, key=lambda row: row.verdict_changes)
    told = f"With only the last {worst.bars:,} bars, {worst.verdict_changes} of {worst.days} verdicts would have been others"
    if settled is None:
        return (f"{told}; none of the lengths that this history allows is enough to change none.",)
    enough = f"from {settled.bars:,} bars on none changes, and scores by {settled.max_difference:.2g} at most"
    return (f"{told}; {enough}." if worst.verdict_changes else f"Where the history begins matters little: {enough}.",)
