"""Where a rule stands after an observation: a pure function of where it stood, and whether it fires.

A value lies in one of several zones, which bounds divide: the five verdicts by the score, above and below a price. A rule fires when the
value passes from a zone of `sources` to one of `targets`. Passing a bound counts at once; passing it back counts only once the value has
been `dead_band` beyond it on either side. So a value that hovers about a bound passes it once, and between two passages of a bound there
is always a way of at least the dead band.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from models.alert import Standing, StateName


@dataclass(frozen=True)
class Watch:
    """What fires: passing from `sources` to `targets` among the zones between ascending `bounds`.

    Only once the value has moved by `min_change` from the last one before, and has stayed in `targets` for `for_days` trading days.
    """

    bounds: tuple[float, ...]
    sources: frozenset[int]
    targets: frozenset[int]
    dead_band: float = 0.0
    min_change: float = 0.0
    for_days: int = 0

    def fires(self, source: int, target: int) -> bool:
        """Whether passing from one zone to another is what the rule tells of."""
        return source != target and source in self.sources and target in self.targets

    def zone_of(self, value: float) -> int:
        """The zone of a value; each begins with its lower bound."""
        return sum(value >= bound for bound in self.bounds)

    def bound_between(self, zone: int, other: int) -> float:
        """The bound at which one leaves `zone` for `other`."""
        return self.bounds[zone if other > zone else zone - 1]


class Observation(NamedTuple):
    """A value of a day, and its zone."""

    day: date
    value: float
    zone: int


class Passage(NamedTuple):
    """What fired: the zones, and the last value before."""

    source: int
    target: int
    before: float | None


class Step(NamedTuple):
    """Where the rule stands now, and what fired, if anything did."""

    standing: Standing
    fired: Passage | None = None


DaysBetween = Callable[[date, date], int]


def observe(standing: Standing, watch: Watch, seen: Observation, days_between: DaysBetween) -> Step:
    """Take in an observation. `days_between` counts the trading days after one day, up to and with another.

    One of an earlier day than the last changes nothing. The first one, and the first after `no_data` of a rule that had seen nothing,
    only says where the value is.
    """
    if standing.day is not None and seen.day < standing.day:
        return Step(standing)
    if standing.zone is None:
        return Step(settle(standing, seen))
    if standing.state is StateName.NO_DATA and standing.day is not None and seen.day <= standing.day:
        return Step(standing)  # what is known already is no news that data have come back
    now = replace(standing, day=seen.day, value=seen.value, seen=seen.zone)
    if seen.zone == standing.zone:
        return Step(_stay(now, watch, seen))
    if not _counts(standing, watch, seen):
        return Step(_named(replace(now, candidate_since=None), StateName.RECOVERING if standing.fired else StateName.NORMAL))
    if not watch.fires(standing.zone, seen.zone):
        return Step(_named(_enter(now, watch, seen, fired=False), StateName.NORMAL))
    since = standing.candidate_since or seen.day
    if days_between(since, seen.day) < watch.for_days:
        return Step(_named(replace(now, candidate_since=since), StateName.PENDING))
    passage = Passage(standing.zone, seen.zone, standing.base)
    return Step(_named(_enter(now, watch, seen, fired=True), StateName.FIRING), passage)


def settle(standing: Standing, seen: Observation) -> Standing:
    """Say where the value is, without any passage: at the beginning, and after a change of what the values rest on."""
    settled = Standing(day=seen.day, value=seen.value, zone=seen.zone, seen=seen.zone, base=seen.value)
    settled = replace(settled, result_id=standing.result_id, memory=standing.memory, state=standing.state, since=standing.since)
    return _named(settled, StateName.NORMAL)


def restate(standing: Standing, seen: Observation) -> Standing:
    """Take in that what was seen last is to be replaced by this: the same day by other prices. It is no passage.

    Where both say the same, all stays as it was, also what is pending.
    """
    return standing if seen.zone == standing.seen else settle(standing, seen)


def lose(standing: Standing, day: date) -> tuple[Standing, bool]:
    """Take in that there are no data any more; return whether that is news. What was pending is so no longer."""
    if standing.state is StateName.NO_DATA:
        return standing, False
    return replace(standing, state=StateName.NO_DATA, since=day, candidate_since=None), True


def _named(standing: Standing, state: StateName) -> Standing:
    """The same in a state; `since` is the day on which that began."""
    return standing if standing.state is state and standing.since else replace(standing, state=state, since=standing.day)


def _stay(now: Standing, watch: Watch, seen: Observation) -> Standing:
    armed = now.armed or _is_armed(watch, seen, now.came_from)
    stays = replace(now, base=seen.value, candidate_since=None, armed=armed)
    return _named(stays, StateName.FIRING if now.fired else StateName.NORMAL)


def _counts(standing: Standing, watch: Watch, seen: Observation) -> bool:
    """Whether a value in another zone has passed: not within the dead band on its way back, nor by too small a step."""
    assert standing.zone is not None
    if standing.base is not None and abs(seen.value - standing.base) < watch.min_change:
        return False
    is_return = standing.came_from is not None and (standing.came_from > standing.zone) == (seen.zone > standing.zone)
    if not is_return or standing.armed:
        return True
    return abs(seen.value - watch.bound_between(standing.zone, seen.zone)) >= watch.dead_band


def _enter(now: Standing, watch: Watch, seen: Observation, *, fired: bool) -> Standing:
    armed = _is_armed(watch, seen, now.zone)
    return replace(now, zone=seen.zone, came_from=now.zone, armed=armed, base=seen.value, candidate_since=None, fired=fired)


def _is_armed(watch: Watch, seen: Observation, came_from: int | None) -> bool:
    """Whether a value is beyond the dead band of the bound over which it came into its zone."""
    if came_from is None or came_from == seen.zone:
        return False
    return abs(seen.value - watch.bound_between(seen.zone, came_from)) >= watch.dead_band


class Touch(NamedTuple):
    """The levels of a plan that a day's prices reached, and those of them that they had not reached the day before."""

    standing: Standing
    new: tuple[str, ...]


def touch(standing: Standing, day: date, close: float, touched: frozenset[str]) -> Touch:
    """Take in which levels a day touched. A level that is touched day after day is told on the first of them."""
    if standing.day is not None and day < standing.day:
        return Touch(standing, ())
    before = frozenset(standing.memory.get("touched", ()))
    new = tuple(sorted(touched - before))
    kept = touched | before if day == standing.day else touched
    now = replace(standing, day=day, value=close, memory={**standing.memory, "touched": sorted(kept)})
    return Touch(_named(now, StateName.FIRING if kept else StateName.NORMAL), new)


def switch(standing: Standing, day: date, value: float | None, is_on: bool) -> tuple[Standing, bool]:
    """Take in whether something is the case that is told as it begins: stale prices, a failing kind of job. Returns whether it began."""
    if standing.day is not None and day < standing.day:
        return standing, False
    began = is_on and standing.state is not StateName.FIRING
    return _named(replace(standing, day=day, value=value), StateName.FIRING if is_on else StateName.NORMAL), began
