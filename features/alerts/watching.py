"""What the conditions of a rule mean for `transitions`: the zones, and what passes between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from features.alerts.transitions import Watch
from models.alert import OF_PORTFOLIOS, VERDICT_BOUNDS, VERDICT_ORDER, AlertKind, AlertRule, RuleDraft, Standing, StateName

LEVELS = ("entry", "stop", "target")  # of a plan
BELOW, ABOVE = 0, 1  # the zones of one bound
_ALL_VERDICTS = frozenset(range(len(VERDICT_ORDER)))
_WHILE_IT_LASTS = frozenset({AlertKind.PRICES_STALE, AlertKind.JOB_FAILED})  # told as it begins, by no value
_OF_MOMENTS = frozenset({AlertKind.PLAN_TOUCHED, AlertKind.SCHEDULE_MISSED, AlertKind.REBALANCING_DUE})
_DIRECTIONS = {"up": ({BELOW}, {ABOVE}), "down": ({ABOVE}, {BELOW}), "either": ({BELOW, ABOVE}, {BELOW, ABOVE})}


def zone_of_verdict(verdict: str) -> int:
    """The place of a verdict from the lowest to the highest."""
    return [str(each) for each in VERDICT_ORDER].index(verdict)


def zone_of_score(score: float) -> int:
    """The place of the verdict of a score. A score at a bound has the verdict that is farther from Hold."""
    return sum(score >= bound if bound > 0 else score > bound for bound in VERDICT_BOUNDS)


def watch_of(draft: RuleDraft, splits: float = 1.0) -> Watch:
    """What a rule watches by values. `splits` is the number of shares that one has become since the rule was made."""
    told = draft.conditions
    if draft.on is AlertKind.VERDICT_CHANGED:
        sources, targets = _zones(told.get("from")), _zones(told.get("to"))
        return Watch(VERDICT_BOUNDS, sources, targets, told["dead_band"], told["min_score_change"], draft.for_days)
    if draft.on is AlertKind.PRICE_CROSSED:
        sources, targets = map(frozenset, _DIRECTIONS[told["direction"]])
        level = told["level"] / splits
        return Watch((level,), sources, targets, level * told["dead_band"] / 100, 0.0, draft.for_days)
    if draft.on in OF_PORTFOLIOS:
        return Watch((told["percent"],), frozenset({BELOW}), frozenset({ABOVE}), told["dead_band"], 0.0, draft.for_days)
    assert draft.on is AlertKind.RECORD_BELOW, "the others have no zones"
    bound = told["hit"] if told.get("hit") is not None else told["lift"]
    return Watch((bound,), frozenset({ABOVE}), frozenset({BELOW}), told["dead_band"], 0.0, draft.for_days)


def holds(draft: RuleDraft, standing: Standing) -> bool | None:
    """Whether the condition of a rule was met by what was seen last, told or not; None where a single value cannot tell."""
    if standing.state is StateName.NO_DATA or draft.on in _OF_MOMENTS:
        return None
    if draft.on in _WHILE_IT_LASTS:
        return standing.state is StateName.FIRING
    watch = watch_of(draft)
    zone = standing.zone if standing.seen is None else standing.seen
    return None if zone is None or len(watch.targets) > len(watch.bounds) else zone in watch.targets


def _zones(verdicts: Iterable[str] | None) -> frozenset[int]:
    return frozenset(map(zone_of_verdict, verdicts)) if verdicts else _ALL_VERDICTS


def splits_since(memory: Mapping[str, Any], rule: AlertRule) -> float:
    """The number of shares that one has become, by the splits that became effective after the level of a rule was given."""
    given = rule.draft.conditions.get("given_on") or rule.created_at.date().isoformat()
    shares = 1.0
    for day, ratio in memory.get("splits", {}).items():
        if day > given and ratio > 0:
            shares *= ratio
    return shares


def touched_levels(plan: Mapping[str, Any], high: float, low: float) -> frozenset[str]:
    """Which levels of a plan a day's prices reached. A plan to sell short has its stop above the entry."""
    entry, stop, target, close = plan["entry"], plan["stop"], plan["target"], plan["close"]
    is_long = stop < entry
    falls_to_entry = entry < close or (entry == close and is_long)
    reached = {
        "entry": low <= entry if falls_to_entry else high >= entry,
        "stop": low <= stop if is_long else high >= stop,
        "target": high >= target if is_long else low <= target,
    }
    return frozenset(level for level, is_reached in reached.items() if is_reached)
