"""The checks for look-ahead and for the beginning of the history, also of rules that cheat."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from kit.bars import chosen, walk

from analysis.bars import Bars, FloatArray, adjusted_bars
from analysis.engine import newest_score
from analysis.honesty import LENGTHS, BarsBetween, Rule, check_honesty, days_to_check, rule_of
from analysis.score import verdict_of
from models.honesty import Honesty
from models.price_series import PackedBars


def between_of(bars: Bars) -> BarsBetween:
    """Parts of bars that need no adjustment."""
    columns = (bars.days, bars.open, bars.high, bars.low, bars.close, bars.volume)
    return lambda start, stop: Bars(*(column[start:stop] for column in columns))


def checked(bars: Bars, rule: Rule) -> Honesty:
    return check_honesty(len(bars), between_of(bars), rule)


def rule(history: Callable[[Bars], FloatArray]) -> Rule:
    """A rule that is written for each bar."""
    return Rule(history, lambda bars: float(history(bars)[-1]))


def today(bars: Bars) -> FloatArray:
    """Whether the day closed above its open, which anybody can see."""
    return np.sign(bars.close - bars.open) * 0.5


def tomorrow(bars: Bars) -> FloatArray:
    """Whether the next day closes above its open."""
    return np.append(today(bars)[1:], 0.0)


def above_mean(bars: Bars) -> FloatArray:
    """Whether the close is above the mean of the whole history, a common mistake."""
    return np.sign(bars.close - bars.close.mean()) * 0.5


@pytest.mark.parametrize("cheat", [tomorrow, above_mean])
def test_a_rule_that_reads_the_future_is_flagged(cheat: Callable[[Bars], FloatArray]) -> None:
    bars = walk(5, 900)
    found = checked(bars, rule(cheat))
    assert not found.clean
    assert (found.lookahead.days, found.lookahead.last) == (60, bars.day(-1))
    assert found.lookahead.max_difference >= 0.5
    assert found.lookahead.changed > 5
    assert found.meaning[0].startswith("Look-ahead found: on 60 days")
    for example in found.lookahead.examples:
        assert example.verdict != example.verdict_with_future
        assert (example.verdict, example.verdict_with_future) == (verdict_of(example.score), verdict_of(example.score_with_future))


def test_a_peek_at_one_day_is_found_by_its_size() -> None:
    """A rule that adds a little of the next day's move to the engine's own score."""
    own = rule_of(chosen())

    def history(bars: Bars) -> FloatArray:
        return own.history(bars) + 1e-6 * tomorrow(bars)

    found = checked(walk(5, 700), Rule(history, own.newest))
    assert not found.clean
    assert 1e-7 < found.lookahead.max_difference < 1e-5


def test_a_rule_that_forgets_is_clean_and_depends_on_no_beginning() -> None:
    found = checked(walk(5, 1500), rule(today))
    assert found.clean
    assert (found.lookahead.max_difference, found.lookahead.changed, found.lookahead.examples) == (0.0, 0, ())
    assert [(row.bars, row.max_difference, row.verdict_changes) for row in found.recursion] == [(length, 0.0, 0) for length in LENGTHS]
    assert found.meaning[1].startswith("Where the history begins matters little: from 120 bars on none changes")


def test_a_rule_that_never_forgets_is_told_so() -> None:
    """The number of bars decides, so no length gives the same."""
    found = checked(walk(5, 1500), rule(lambda bars: np.where(np.arange(len(bars)) >= 400, 0.5, -0.5)))
    assert found.clean  # where a history begins is no future
    assert found.recursion[0].verdict_changes == found.recursion[0].days == 60
    assert "With only the last 120 bars, 60 of 60 verdicts would have been others; from 500 bars on none changes" in found.meaning[1]


@pytest.mark.parametrize("strategy", ["balanced", "trend", "reversion"])
@pytest.mark.parametrize("ticker", ["AAPL", "GOOG"])
def test_the_engine_does_not_look_ahead(packed: dict[str, PackedBars], ticker: str, strategy: str) -> None:
    """Adjusted anew at each day, as an analysis of that day is."""
    whole = packed[ticker]
    found = check_honesty(len(whole), lambda *part: adjusted_bars(whole.rows(*part), adjusted=True), rule_of(chosen(strategy)))
    assert (found.clean, found.lookahead.changed, found.lookahead.days) == (True, 0, 60)
    assert found.lookahead.max_difference < 1e-11
    by_length = {row.bars: row for row in found.recursion}
    assert by_length[120].verdict_changes > by_length[400].verdict_changes
    assert by_length[1000].verdict_changes == 0
    assert by_length[1000].max_difference < 1e-3 < by_length[200].max_difference


def test_each_day_is_scored_as_an_analysis_of_it(sample: dict[str, Bars]) -> None:
    bars, parameters = sample["GOOG"], chosen()
    seen: dict[date, float] = {}

    def newest(part: Bars) -> float:
        score = newest_score(part, parameters).score
        seen.setdefault(part.day(-1), score)
        return score

    checked(bars, Rule(rule_of(parameters).history, newest))
    assert list(seen) == [bars.day(day) for day in days_to_check(len(bars))]
    assert [*seen.values()][-1] == newest_score(bars, parameters).score


@pytest.mark.parametrize(
    ("count", "days", "lengths"),
    [(0, 0, 0), (49, 0, 0), (50, 1, 0), (60, 11, 0), (130, 60, 1), (400, 60, 4), (401, 1, 5), (402, 2, 5), (470, 60, 5), (1100, 60, 8)],
)
def test_a_short_history_answers_with_what_it_has(count: int, days: int, lengths: int) -> None:
    found = checked(walk(3, count), rule_of(chosen())) if count >= 50 else checked(walk(3, count), rule(today))
    assert (found.clean, found.lookahead.days, len(found.recursion)) == (True, days, lengths)
    assert all(row.days > 0 for row in found.recursion)
    assert len(found.meaning) == (2 if lengths else 1)
    if not days:
        assert found.meaning == ("Nothing could be checked: an analysis needs 50 bars.",)


@pytest.mark.parametrize("count", [51, 400, 401, 460, 461, 5000])
def test_days_are_spread_evenly_and_the_last_one_is_among_them(count: int) -> None:
    days = days_to_check(count)
    assert days == sorted(set(days))
    assert (days[-1], len(days) <= 60) == (count - 1, True)
    steps = np.diff(days)
    assert not len(steps) or steps.max() - steps.min() <= 1


def test_prices_at_rest_and_coarse_ticks_are_no_look_ahead() -> None:
    """Ties of prices are where the order of additions could turn a vote."""
    for bars in (walk(7, 800, level=2.0, tick=0.05, idle=0.3), walk(8, 800, level=0.5, tick=0.01)):
        assert checked(bars, rule_of(chosen())).clean


def test_a_check_ends_the_work() -> None:
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 70:
            raise InterruptedError

    bars = walk(5, 900)
    with pytest.raises(InterruptedError):
        check_honesty(len(bars), between_of(bars), rule(today), check)
    assert calls == 70
