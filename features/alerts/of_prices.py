"""Evaluates rules that watch prices: levels that are crossed, plans that are touched, prices that nobody brings up to date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from features.alerts.firing import Fired
from features.alerts.of_results import plan_of
from features.alerts.sentences import crossing_message, no_data_message, plan_message, stale_message
from features.alerts.standings import Standings
from features.alerts.transitions import Observation, lose, observe, restate, settle, switch, touch
from features.alerts.watching import ABOVE, splits_since, touched_levels, watch_of
from features.analyses.service import LatestFacts
from infrastructure.exchanges import Expectations
from models.alert import OF_RESULTS, OF_TICKERS, AlertKind, AlertRule, FiredBy, Standing, StateKey
from models.event import Event, EventType
from models.price_series import SeriesHead

REPLACED = "replaced"  # the outcome of a refresh that replaces a history as one


@dataclass(frozen=True)
class Known:
    """The heads of series by ticker, the latest results by strategy and ticker, and the names of strategies by id."""

    heads: Mapping[str, SeriesHead] = field(default_factory=dict)
    facts: Mapping[tuple[str, str], LatestFacts] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


class Prices:
    """What is known of tickers during one evaluation: the heads of their series, and the plans of their latest results."""

    def __init__(self, standings: Standings, known: Known, moment: datetime) -> None:
        self._standings, self._heads, self._facts, self._names = standings, known.heads, known.facts, known.names
        self._expectations = Expectations(moment)

    def take(self, rule: AlertRule, event: Event) -> Iterator[Fired]:
        """Take in what happened to the prices of a ticker. Shared prices do not concern an organization that has its own of the ticker."""
        head = self._heads.get(event.data.get("ticker", ""))
        if rule.draft.on not in OF_TICKERS or (head is not None and head.org_id != event.org_id):
            return
        match event.type:
            case EventType.SPLIT_DETECTED:
                self._take_split(rule, event)
            case EventType.PRICES_STALE:
                yield from self._take_stale(rule, event)
            case EventType.PRICES_REFRESHED:
                yield from self._take_prices(rule, event, head)

    def _take_prices(self, rule: AlertRule, event: Event, head: SeriesHead | None) -> Iterator[Fired]:
        match rule.draft.on:
            case AlertKind.PRICE_CROSSED:
                yield from self._cross(rule, event, head)
            case AlertKind.PLAN_TOUCHED:
                for strategy in rule.draft.strategies:
                    yield from self._touch(rule, StateKey(rule.id, event.data["ticker"], strategy), event)
            case AlertKind.PRICES_STALE:
                self._bring_up_to_date(rule, event, head)

    def _cross(self, rule: AlertRule, event: Event, head: SeriesHead | None) -> Iterator[Fired]:
        told, key = event.data, StateKey(rule.id, event.data["ticker"])
        standing = self._standings.of(key)
        day, close, previous = date.fromisoformat(told["last_day"]), told["close"], told["previous_close"]
        if standing.day is not None and day < standing.day:
            return
        splits = splits_since(standing.memory, rule)
        watch = watch_of(rule.draft, splits)
        if previous is not None:
            # It is on the same footing as the close, whatever was seen before.
            former = Observation(standing.day or day, previous, watch.zone_of(previous))
            if standing.zone is None and event.created_at >= rule.created_at:
                standing = settle(standing, former)
            elif standing.zone is not None and told["outcome"] == REPLACED:
                standing = restate(standing, former)
        calendar = self._expectations.of(key.subject, head.exchange if head else None).calendar
        step = observe(standing, watch, Observation(day, close, watch.zone_of(close)), calendar.trading_days)
        self._standings.put(key, step.standing)
        if step.fired is not None:
            side = "above" if step.fired.target == ABOVE else "below"
            change = {"is": side, "level": watch.bounds[0], "close": close, "was_close": step.fired.before, "split": splits != 1.0}
            yield Fired(rule, key.subject, day, crossing_message(key.subject, change, day), change)

    def _touch(self, rule: AlertRule, key: StateKey, event: Event) -> Iterator[Fired]:
        told, standing = event.data, self._standings.of(key)
        day = date.fromisoformat(told["last_day"])
        if told["outcome"] == REPLACED:
            standing = _without_plan(standing, day)
        self._standings.put(key, standing)
        plan = standing.memory.get("plan") or self._plan_before(key, day)
        if plan is None or date.fromisoformat(plan["as_of"]) >= day:
            return
        levels = touched_levels(plan, told["high"], told["low"]) & frozenset(rule.draft.conditions["levels"])
        step = touch(standing, day, told["close"], levels)
        self._standings.put(key, step.standing)
        if step.new:
            change = {
                "strategy": key.strategy,
                "strategy_name": self._names.get(key.strategy),
                "levels": list(step.new),
                "plan": plan,
                **{name: told[name] for name in ("high", "low", "close")},
            }
            yield Fired(rule, key.subject, day, plan_message(key.subject, change, day), change)

    def _plan_before(self, key: StateKey, day: date) -> dict[str, Any] | None:
        """The plan of the latest result, if it is of an earlier day, and of the prices that there are now."""
        facts, replaced_on = self._facts.get((key.strategy, key.subject)), self._standings.of(key).memory.get("replaced_on", "")
        is_usable = facts is not None and not facts.superseded and facts.as_of < day and facts.as_of.isoformat() >= replaced_on
        return plan_of(facts) if facts is not None and is_usable else None

    def _bring_up_to_date(self, rule: AlertRule, event: Event, head: SeriesHead | None) -> None:
        key, last_day = StateKey(rule.id, event.data["ticker"]), date.fromisoformat(event.data["last_day"])
        expected = self._expectations.of(key.subject, head.exchange if head else None)
        behind = expected.calendar.trading_days(last_day, expected.newest)
        if behind < rule.draft.conditions["trading_days"]:
            standing, _ = switch(self._standings.of(key), max(last_day, expected.newest), float(behind), is_on=False)
            self._standings.put(key, standing)

    def _take_stale(self, rule: AlertRule, event: Event) -> Iterator[Fired]:
        told = event.data
        if rule.draft.on is AlertKind.PRICES_STALE:
            yield from self.see_age(rule, told["ticker"], told)
            return
        day, is_news = date.fromisoformat(told["expected_day"]), False
        for strategy in rule.draft.strategies if rule.draft.on in OF_RESULTS else ("",):
            key = StateKey(rule.id, told["ticker"], strategy)
            standing, is_lost = lose(self._standings.of(key), day)
            self._standings.put(key, standing)
            is_news |= is_lost
        if is_news and rule.draft.conditions.get("no_data") != "quiet":
            change = {name: told[name] for name in ("last_day", "expected_day", "days")}
            yield Fired(rule, told["ticker"], day, no_data_message(told["ticker"], change), change, FiredBy.NO_DATA)

    def see_age(self, rule: AlertRule, ticker: str, age: Mapping[str, Any]) -> Iterator[Fired]:
        """Take in how far the prices of a ticker are behind: `last_day`, `expected_day` and the trading `days` between them."""
        if age["days"] < rule.draft.conditions["trading_days"]:
            return
        key, day = StateKey(rule.id, ticker), date.fromisoformat(age["expected_day"])
        standing, began = switch(self._standings.of(key), day, float(age["days"]), is_on=True)
        self._standings.put(key, standing)
        if began:
            change = {name: age[name] for name in ("last_day", "expected_day", "days")}
            yield Fired(rule, ticker, day, stale_message(ticker, change), change)

    def _take_split(self, rule: AlertRule, event: Event) -> None:
        """Levels follow a split; what was seen before it is no longer comparable. A verdict is not affected: it is restated."""
        ticker, told = event.data["ticker"], event.data
        if rule.draft.on is AlertKind.PRICE_CROSSED:
            key = StateKey(rule.id, ticker)
            standing = self._standings.of(key)
            splits = {**standing.memory.get("splits", {}), told["effective_day"]: told["ratio"]}
            if splits != standing.memory.get("splits"):
                self._standings.put(key, replace(Standing(), memory={**standing.memory, "splits": splits}))
        elif rule.draft.on is AlertKind.PLAN_TOUCHED:
            for strategy in rule.draft.strategies:
                key = StateKey(rule.id, ticker, strategy)
                self._standings.put(key, _without_plan(self._standings.of(key)))


def _without_plan(standing: Standing, replaced_on: date | None = None) -> Standing:
    """Without the plan, whose prices are no longer those that there are; `replaced_on` is the newest day of those."""
    memory = {name: value for name, value in standing.memory.items() if name not in ("plan", "touched")}
    return replace(standing, memory=memory if replaced_on is None else {**memory, "replaced_on": replaced_on.isoformat()})
