"""Evaluates rules that watch verdicts and their records.

Verdicts are seen twice: in the events of their changes, so that none is missed, and as the latest results when a job has ended, because a
verdict that stays has no event, but days to wait for pass. What was seen already is not seen again. A superseded result is not seen at all.
Where the result that was seen last is superseded, the score that the new prices give for its day takes its place, without any passage:
analyses tell it as the former one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from features.alerts.firing import Fired
from features.alerts.sentences import record_message, verdict_message
from features.alerts.standings import Standings
from features.alerts.transitions import DaysBetween, Observation, observe, restate, settle
from features.alerts.watching import ABOVE, watch_of, zone_of_score, zone_of_verdict
from features.analyses.service import LatestFacts
from infrastructure.exchanges import exchange_for
from models.alert import VERDICT_ORDER, AlertKind, AlertRule, Standing, StateKey
from models.event import Event, EventType
from models.exchange import WEEKDAYS


class _Seen(NamedTuple):
    """A result as an event or a row tells it. `before` is the zone and the score of the result that it is compared with."""

    result_id: str
    day: date
    score: float
    zone: int
    close: float
    before: tuple[int, float | None] | None
    record: Mapping[str, Any] | None
    is_news: bool


class Results:
    """The latest results of an organization's tickers, and those that are superseded, during one evaluation."""

    def __init__(self, standings: Standings, facts: Collection[LatestFacts], superseded: Collection[str], names: Mapping[str, str]) -> None:
        """`names` are those of the strategies of the rules, by id."""
        self._standings, self._superseded, self._names = standings, frozenset(superseded), names
        self._facts = {(one.strategy, one.ticker): one for one in facts}
        self._exchanges = {one.ticker: one.exchange for one in facts}

    def take(self, rule: AlertRule, event: Event) -> Iterator[Fired]:
        """Take in a change of a verdict."""
        told = event.data
        if event.type != EventType.VERDICT_CHANGED or rule.draft.on is not AlertKind.VERDICT_CHANGED:
            return
        if told["strategy"] not in rule.draft.strategies:
            return
        before = zone_of_verdict(told["from"]), told["previous_score"]
        day = date.fromisoformat(told["as_of"])
        seen = _Seen(
            told["result_id"], day, told["score"], zone_of_verdict(told["to"]), told["close"], before, told["record"], is_news=True
        )
        yield from self._see(rule, StateKey(rule.id, told["ticker"], told["strategy"]), seen)

    def read(self, rule: AlertRule, tickers: Collection[str]) -> Iterator[Fired]:
        """Take in the latest results of some tickers."""
        for (strategy, ticker), facts in self._facts.items():
            if ticker not in tickers or strategy not in rule.draft.strategies or facts.superseded:
                continue
            key = StateKey(rule.id, ticker, strategy)
            if rule.draft.on is AlertKind.VERDICT_CHANGED:
                score = facts.previous_score
                before = None if score is None else (zone_of_score(score), score)
                has_record = facts.record_n is not None
                record = {"hit": facts.record_hit, "lift": facts.record_lift, "n": facts.record_n} if has_record else None
                zone = zone_of_verdict(facts.verdict)
                seen = _Seen(facts.result_id, facts.as_of, facts.score, zone, facts.close, before, record, is_news=False)
                yield from self._see(rule, key, seen)
            elif rule.draft.on is AlertKind.RECORD_BELOW:
                yield from self._see_record(rule, key, facts)
            else:
                self._see_plan(key, facts)

    def _days_between(self, ticker: str) -> DaysBetween:
        return (exchange_for(ticker, self._exchanges.get(ticker)) or WEEKDAYS).trading_days

    def _see(self, rule: AlertRule, key: StateKey, seen: _Seen) -> Iterator[Fired]:
        standing = self._standings.of(key)
        if seen.result_id == standing.result_id or seen.result_id in self._superseded:
            return
        if standing.day is not None and seen.day < standing.day:
            return
        standing = self._compared(standing, seen)
        step = observe(standing, watch_of(rule.draft), Observation(seen.day, seen.score, seen.zone), self._days_between(key.subject))
        self._standings.put(key, replace(step.standing, result_id=seen.result_id))
        if step.fired is None:
            return
        change = {
            "strategy": key.strategy,
            "strategy_name": self._names.get(key.strategy),
            "was": str(VERDICT_ORDER[step.fired.source]),
            "is": str(VERDICT_ORDER[step.fired.target]),
            "was_score": step.fired.before,
            "score": seen.score,
            "close": seen.close,
            "record": seen.record,
            "result_id": seen.result_id,
        }
        yield Fired(rule, key.subject, seen.day, verdict_message(key.subject, change, seen.day), change)

    def _compared(self, standing: Standing, seen: _Seen) -> Standing:
        """The standing that a result is compared with.

        The first news of a ticker is compared with the result before it: a ticker may have come to a list only yesterday.
        """
        is_new = standing.zone is None and seen.is_news
        is_superseded = standing.result_id is not None and standing.result_id in self._superseded
        if not (is_new or is_superseded):
            return standing
        zone, score = seen.before or (seen.zone, seen.score)
        day = standing.day if is_superseded and standing.day is not None else seen.day
        former = Observation(day, seen.score if score is None else score, zone)
        return settle(standing, former) if is_new else restate(standing, former)

    def _see_record(self, rule: AlertRule, key: StateKey, facts: LatestFacts) -> Iterator[Fired]:
        """A record belongs to its verdict: that of another verdict is another one, and not what the former has become."""
        standing = self._standings.of(key)
        by_hit = rule.draft.conditions.get("hit") is not None
        value = facts.record_hit if by_hit else facts.record_lift
        if value is None or facts.result_id == standing.result_id or (standing.day is not None and facts.as_of < standing.day):
            return
        watch = watch_of(rule.draft)
        seen = Observation(facts.as_of, value, watch.zone_of(value))
        if standing.memory.get("verdict") != facts.verdict or standing.result_id in self._superseded:
            settled = settle(replace(standing, memory={**standing.memory, "verdict": facts.verdict}), seen)
            self._standings.put(key, replace(settled, result_id=facts.result_id))
            return
        step = observe(standing, watch, seen, self._days_between(key.subject))
        self._standings.put(key, replace(step.standing, result_id=facts.result_id))
        if step.fired is not None and step.fired.source == ABOVE:
            change = {
                "strategy": key.strategy,
                "strategy_name": self._names.get(key.strategy),
                "verdict": facts.verdict,
                "measure": "hit" if by_hit else "lift",
                "was": step.fired.before,
                "is": value,
                "below": watch.bounds[0],
                "record": {"hit": facts.record_hit, "lift": facts.record_lift, "n": facts.record_n},
                "result_id": facts.result_id,
            }
            yield Fired(rule, key.subject, facts.as_of, record_message(key.subject, change, facts.as_of), change)

    def _see_plan(self, key: StateKey, facts: LatestFacts) -> None:
        """Remember the plan, which prices of later days are held against."""
        standing = self._standings.of(key)
        if facts.result_id == standing.result_id:
            return
        memory = {**standing.memory, "plan": plan_of(facts)}
        self._standings.put(key, replace(standing, memory=memory, result_id=facts.result_id))


def plan_of(facts: LatestFacts) -> dict[str, Any] | None:
    """The plan of a result as rules remember it; None where it has none."""
    if facts.entry is None or facts.stop_loss is None or facts.target is None:
        return None
    levels = {"entry": facts.entry, "stop": facts.stop_loss, "target": facts.target, "close": facts.close}
    return {**levels, "as_of": facts.as_of.isoformat()}
