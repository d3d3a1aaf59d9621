"""Where a rule stands after an observation: by table, and for whatever values come."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.alerting import weekday

from analysis.score import verdict_of
from features.alerts.transitions import Observation, Watch, lose, observe, restate, switch, touch
from features.alerts.watching import zone_of_score, zone_of_verdict
from models.alert import VERDICT_BOUNDS, Standing, StateName
from models.exchange import WEEKDAYS

ABOVE = Watch((0.2,), frozenset({0}), frozenset({1}))
ANY = frozenset(range(5))


def walk(watch: Watch, values: Sequence[float], standing: Standing | None = None) -> tuple[list[str], list[int], Standing]:
    """The state after each of the values of days in a row, the numbers of those that fired, and where it ends."""
    standing, names, fired = standing or Standing(), list[str](), list[int]()
    for number, value in enumerate(values):
        seen = Observation(weekday(number), value, watch.zone_of(value))
        standing, passage = observe(standing, watch, seen, WEEKDAYS.trading_days)
        names.append(str(standing.state))
        if passage is not None:
            fired.append(number)
    return names, fired, standing


TABLE = {
    "the first value only says where it is": (ABOVE, [0.5], ["normal"], []),
    "it passes": (ABOVE, [0.1, 0.2], ["normal", "firing"], [1]),
    "it stays": (ABOVE, [0.1, 0.3, 0.4], ["normal", "firing", "firing"], [1]),
    "it goes back without a dead band": (ABOVE, [0.1, 0.2, 0.19, 0.2], ["normal", "firing", "normal", "firing"], [1, 3]),
    "the other way is not told": (ABOVE, [0.3, 0.1], ["normal", "normal"], []),
    "within the dead band it recovers": (
        replace(ABOVE, dead_band=0.05),
        [0.1, 0.21, 0.19, 0.22, 0.16],
        ["normal", "firing", "recovering", "firing", "recovering"],
        [1],
    ),
    "beyond the dead band it counts": (
        replace(ABOVE, dead_band=0.05),
        [0.1, 0.21, 0.14, 0.21, 0.14],
        ["normal", "firing", "normal", "firing", "normal"],
        [1, 3],
    ),
    "after a way beyond the band it passes back at once": (
        replace(ABOVE, dead_band=0.05),
        [0.1, 0.21, 0.26, 0.19, 0.2],
        ["normal", "firing", "firing", "normal", "normal"],
        [1],
    ),
    "days are waited for": (replace(ABOVE, for_days=2), [0.1, 0.3, 0.3, 0.3, 0.3], ["normal", *["pending"] * 2, *["firing"] * 2], [3]),
    "falling back begins anew": (
        replace(ABOVE, for_days=2),
        [0.1, 0.3, 0.3, 0.1, 0.3, 0.3],
        ["normal", "pending", "pending", "normal", "pending", "pending"],
        [],
    ),
    "too small a step does not count": (
        replace(ABOVE, min_change=0.2),
        [0.15, 0.25, 0.34, 0.36],
        ["normal", "normal", "normal", "firing"],
        [3],
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_states_by_table(case: str) -> None:
    watch, values, names, fired = TABLE[case]
    assert walk(watch, values)[:2] == (names, fired)


def test_days_are_those_of_the_calendar_not_of_the_values() -> None:
    watch = replace(ABOVE, for_days=3)
    standing = Standing()
    fired = []
    for day, value in ((date(2024, 1, 4), 0.1), (date(2024, 1, 5), 0.3), (date(2024, 1, 9), 0.3), (date(2024, 1, 10), 0.3)):
        standing, passage = observe(standing, watch, Observation(day, value, watch.zone_of(value)), WEEKDAYS.trading_days)
        fired += [day] if passage else []
    assert fired == [date(2024, 1, 10)]  # the weekend does not count


def test_an_earlier_day_changes_nothing() -> None:
    _, _, standing = walk(ABOVE, [0.1, 0.1])
    step = observe(standing, ABOVE, Observation(weekday(0), 0.9, 1), WEEKDAYS.trading_days)
    assert (step.standing, step.fired) == (standing, None)


def test_no_data_is_told_once_and_ends_what_is_pending() -> None:
    watch = replace(ABOVE, for_days=2)
    _, _, standing = walk(watch, [0.1, 0.3])
    lost, is_news = lose(standing, weekday(9))
    assert (lost.state, lost.candidate_since, is_news) == (StateName.NO_DATA, None, True)
    assert lose(lost, weekday(10)) == (lost, False)
    same, passage = observe(lost, watch, Observation(weekday(1), 0.3, 1), WEEKDAYS.trading_days)
    assert (same, passage) == (lost, None)  # the value of a day that is known already brings no data back
    back, passage = observe(lost, watch, Observation(weekday(11), 0.3, 1), WEEKDAYS.trading_days)
    assert (back.state, back.candidate_since, passage) == (StateName.PENDING, weekday(11), None)


def test_restated_values_are_no_passage() -> None:
    watch = replace(ABOVE, for_days=1)
    _, _, pending = walk(watch, [0.1, 0.3])
    assert restate(pending, Observation(weekday(1), 0.4, 1)) == pending  # the new prices say the same
    restated = restate(pending, Observation(weekday(1), 0.1, 0))
    assert (restated.state, restated.zone, restated.candidate_since) == (StateName.NORMAL, 0, None)
    _, _, below = walk(watch, [0.1, 0.1])
    assert restate(below, Observation(weekday(1), 0.5, 1)).zone == 1


def test_levels_that_stay_touched_are_told_on_the_first_day() -> None:
    standing, new = touch(Standing(), weekday(0), 10.0, frozenset({"entry"}))
    assert new == ("entry",)
    standing, new = touch(standing, weekday(0), 10.0, frozenset({"entry", "stop"}))
    assert new == ("stop",)
    standing, new = touch(standing, weekday(1), 10.0, frozenset({"stop"}))
    assert (new, standing.state) == ((), StateName.FIRING)
    standing, new = touch(standing, weekday(2), 10.0, frozenset())
    assert (new, standing.state) == ((), StateName.NORMAL)
    assert touch(standing, weekday(3), 10.0, frozenset({"stop"})).new == ("stop",)


def test_what_is_switched_on_is_told_as_it_begins() -> None:
    standing, began = switch(Standing(), weekday(0), 1.0, is_on=True)
    assert began
    standing, began = switch(standing, weekday(1), 2.0, is_on=True)
    assert not began
    standing, _ = switch(standing, weekday(2), 0.0, is_on=False)
    assert switch(standing, weekday(3), 1.0, is_on=True)[1]


@settings(derandomize=True)
@given(st.floats(-1, 1))
def test_zones_are_the_verdicts(score: float) -> None:
    assert zone_of_score(score) == zone_of_verdict(verdict_of(score))


SCORES = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=60)


@settings(derandomize=True)
@given(SCORES, st.floats(0.001, 0.3), st.integers(0, 4))
def test_between_two_alerts_there_is_a_way_of_the_dead_band(scores: list[float], dead_band: float, for_days: int) -> None:
    """Whatever the score does, a rule that tells of one threshold fires at most as often as the dead band allows."""
    watch = Watch((0.2,), frozenset({0, 1}), frozenset({0, 1}), dead_band, 0.0, for_days)
    _, fired, _ = walk(watch, scores)
    way = sum(abs(after - before) for before, after in itertools.pairwise(scores))
    assert len(fired) <= 1 + way / dead_band
    assert all(later - earlier >= 1 for earlier, later in itertools.pairwise(fired))


@settings(derandomize=True)
@given(SCORES, st.floats(0.03, 0.2))
def test_a_score_within_the_dead_band_is_told_once_at_most(scores: list[float], dead_band: float) -> None:
    near = [0.2 + score * dead_band * 0.99 for score in scores]
    watch = Watch(VERDICT_BOUNDS, ANY, ANY, dead_band)
    assert len(walk(watch, near)[1]) <= 1


@settings(derandomize=True)
@given(SCORES, st.floats(0, 0.3), st.floats(0, 0.5), st.integers(0, 5))
def test_a_rule_fires_only_into_what_it_watches(scores: list[float], dead_band: float, change: float, days: int) -> None:
    """And where nothing dampens it, at each such change of the verdict."""
    watch = Watch(VERDICT_BOUNDS, frozenset({1, 2}), frozenset({3, 4}), dead_band, change, days)
    _, fired, standing = walk(watch, scores)
    zones = [watch.zone_of(score) for score in scores]
    assert all(zones[at] in watch.targets for at in fired)
    assert standing.state is not StateName.PENDING or days > 0
    plain = walk(replace(watch, dead_band=0.0, min_change=0.0, for_days=0), scores)[1]
    assert plain == [at for at in range(1, len(zones)) if watch.fires(zones[at - 1], zones[at])]
    assert len(fired) <= len(plain)


@settings(derandomize=True)
@given(SCORES, st.integers(1, 5))
def test_a_rule_with_days_fires_only_after_they_have_all_been_seen(scores: list[float], days: int) -> None:
    watch = Watch((0.2,), frozenset({0}), frozenset({1}), 0.0, 0.0, days)
    for at in walk(watch, scores)[1]:
        assert at >= days
        assert all(score >= 0.2 for score in scores[at - days : at + 1])
