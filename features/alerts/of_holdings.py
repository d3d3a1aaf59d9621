"""Evaluates rules that watch what one owns: weights of holdings and drawdowns of portfolios, and indexes whose rebalancing is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from features.alerts.firing import Fired, index_link, portfolio_link
from features.alerts.sentences import drawdown_message, due_message, weight_message
from features.alerts.standings import Standings
from features.alerts.transitions import Observation, observe, settle, switch
from features.alerts.watching import watch_of
from models.alert import OF_PORTFOLIOS, AlertKind, AlertRule, StateKey
from models.event import Event, EventType
from models.exchange import WEEKDAYS

_DECIMALS = 2  # of a percentage that is told


def holding_subjects(events: Iterable[Event], rules: Iterable[AlertRule], standings: Standings) -> set[str]:
    """What standings are needed of beside those of the portfolios: the holdings that there are, and those that there were."""
    subjects: set[str] = set()
    watching = [rule for rule in rules if rule.draft.on is AlertKind.WEIGHT_ABOVE]
    for event in events:
        if event.type == EventType.PORTFOLIO_DRAWDOWN and event.subject:
            tickers = set(_weights(event.data))
            for rule in watching:
                tickers |= set(standings.of(StateKey(rule.id, event.subject)).memory.get("tickers", ()))
            subjects |= {_subject(event.subject, ticker) for ticker in tickers}
    return subjects


class Holdings:
    """Portfolios as they were valued, and indexes that are due."""

    def __init__(self, standings: Standings) -> None:
        self._standings = standings

    def take(self, rule: AlertRule, event: Event) -> Iterator[Fired]:
        """Take in the value of a portfolio, or that an index is due."""
        if event.subject is None:
            return
        wanted = rule.draft.conditions.get("indexes" if rule.draft.on is AlertKind.REBALANCING_DUE else "portfolios")
        if wanted and event.subject not in wanted:
            return
        if event.type == EventType.PORTFOLIO_DRAWDOWN and rule.draft.on in OF_PORTFOLIOS:
            if event.created_at < rule.created_at and self._standings.of(StateKey(rule.id, event.subject)).day is not None:
                return  # the look at the portfolio as the rule was made is newer
            yield from self._take_weights(rule, event) if rule.draft.on is AlertKind.WEIGHT_ABOVE else self._take_drawdown(rule, event)
        elif event.type == EventType.INDEX_REBALANCING_DUE and rule.draft.on is AlertKind.REBALANCING_DUE:
            yield from self._take_due(rule, event)

    def _take_weights(self, rule: AlertRule, event: Event) -> Iterator[Fired]:
        """Each holding passes the cap by itself. One that was bought since the last time comes from 0, one that was sold goes there."""
        assert event.subject is not None
        told, day, watch = event.data, _day(event.data), watch_of(rule.draft)
        whole = StateKey(rule.id, event.subject)
        before = self._standings.of(whole)
        if before.day is not None and day < before.day:
            return
        weights = _weights(told)
        for ticker in sorted({*weights, *before.memory.get("tickers", ())}):
            key, weight = StateKey(rule.id, _subject(event.subject, ticker)), weights.get(ticker, 0.0)
            standing = self._standings.of(key)
            if standing.zone is None and before.day is not None:
                standing = settle(standing, Observation(before.day, 0.0, watch.zone_of(0.0)))
            step = observe(standing, watch, Observation(day, weight, watch.zone_of(weight)), WEEKDAYS.trading_days)
            self._standings.put(key, step.standing)
            if step.fired is not None:
                numbers = {"is": weight, "above": watch.bounds[0], "was": step.fired.before}
                change = {**_about(event), "ticker": ticker, **numbers}
                yield Fired(rule, key.subject, day, weight_message(change, day), change, ticker=ticker)
        self._standings.put(whole, replace(before, day=day, memory={**before.memory, "tickers": sorted(weights)}))

    def _take_drawdown(self, rule: AlertRule, event: Event) -> Iterator[Fired]:
        assert event.subject is not None
        told, day, watch = event.data, _day(event.data), watch_of(rule.draft)
        if told.get("drawdown") is None:
            return
        key, depth = StateKey(rule.id, event.subject), _percent(abs(told["drawdown"]))
        step = observe(self._standings.of(key), watch, Observation(day, depth, watch.zone_of(depth)), WEEKDAYS.trading_days)
        self._standings.put(key, step.standing)
        if step.fired is not None:
            numbers = {"is": depth, "beyond": watch.bounds[0], "was": step.fired.before}
            change = {**_about(event), **numbers}
            yield Fired(rule, event.subject, day, drawdown_message(change, day), change)

    def _take_due(self, rule: AlertRule, event: Event) -> Iterator[Fired]:
        """An index is told once for each of its reference days: the event is written once."""
        assert event.subject is not None
        told, day = event.data, event.created_at.date()
        key = StateKey(rule.id, event.subject)
        standing, _ = switch(self._standings.of(key), day, None, is_on=True)
        self._standings.put(key, standing)
        names = ("index", "reference_day", "rebalance", "last_day")
        change = {**{name: told[name] for name in names}, "index_id": event.subject, "link": index_link(str(event.subject))}
        yield Fired(rule, event.subject, day, due_message(change), change)


def _subject(portfolio_id: str, ticker: str) -> str:
    return f"{portfolio_id}:{ticker}"


def _about(event: Event) -> dict[str, Any]:
    return {"portfolio": event.data["name"], "portfolio_id": event.subject, "link": portfolio_link(str(event.subject))}


def _day(told: Mapping[str, Any]) -> date:
    return date.fromisoformat(told["day"])


def _weights(told: Mapping[str, Any]) -> dict[str, float]:
    """The weight of each holding in percent; one whose value is not known has none."""
    return {one["ticker"]: _percent(one["weight"]) for one in told["holdings"] if one["weight"] is not None}


def _percent(share: float) -> float:
    return round(100 * share, _DECIMALS)
