"""Evaluates rules: what happened, and what results and prices say, against where the rules stand.

All of it is one transaction: where the rules stand then, the alerts, their events and their messages. So what is repeated after a crash
finds nothing or everything of it. However many rules and tickers there are, it takes a few statements for an organization.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from features.alerts.firing import Fired, fire
from features.alerts.naming import Naming
from features.alerts.of_holdings import Holdings, holding_subjects
from features.alerts.of_jobs import Jobs, subjects_of
from features.alerts.of_prices import Known, Prices
from features.alerts.of_results import Results
from features.alerts.standings import Standings
from features.alerts.store import rule as rule_store
from features.alerts.store import state as state_store
from features.alerts.telling import tell_of_run
from features.analyses import service as analyses
from features.prices import service as prices
from infrastructure.feature import Universes
from models.alert import OF_RESULTS, OF_TICKERS, AlertKind, AlertRule
from models.api_key import SHARED_ORG
from models.bulk_analysis import BULK_ANALYSIS
from models.event import Event, EventType
from models.universe import UniverseNotFound, list_id_of

_OF_PRICES = frozenset({EventType.PRICES_REFRESHED, EventType.SPLIT_DETECTED, EventType.PRICES_STALE})
TYPES = _OF_PRICES | {
    *(EventType.VERDICT_CHANGED, EventType.JOB_FINISHED, EventType.SCHEDULE_MISSED, EventType.WATCHLIST_CHANGED),
    *(EventType.PORTFOLIO_DRAWDOWN, EventType.INDEX_REBALANCING_DUE),
}
_OF_TICKERS = _OF_PRICES | {EventType.VERDICT_CHANGED}
ALL_KINDS = tuple(AlertKind)


@dataclass(frozen=True)
class Happened:
    """What is to be evaluated of an organization: events, and the tickers whose latest results are to be read; None for all."""

    events: Sequence[Event] = ()
    tickers: frozenset[str] | None = None

    def subjects(self, of_results: Collection[str]) -> set[str]:
        """What standings are needed of, given the tickers of the rules that watch results."""
        named = {event.subject for event in self.events if event.subject} | subjects_of(self.events)
        return named | set(of_results if self.tickers is None else self.tickers)


@dataclass(frozen=True)
class Evaluator:
    """Evaluates the rules of organizations within a transaction of the caller's, at a moment."""

    connection: Connection
    universes: Universes
    moment: datetime
    _resolved: dict[tuple[int, str], frozenset[str]] = field(default_factory=dict)

    def take(self, events: Sequence[Event], is_on: Callable[[int], bool]) -> None:
        """Take in events of any organization, in order, for the organizations for which the evaluation is on."""
        orgs = {event.org_id for event in events} - {SHARED_ORG}
        if any(event.org_id == SHARED_ORG for event in events):
            orgs |= set(rule_store.list_orgs(self.connection, ALL_KINDS))
        for org_id in sorted(filter(is_on, orgs)):
            rule_store.lock_alerts(self.connection, org_id)
            own = [event for event in events if event.org_id in (org_id, SHARED_ORG)]
            rules = rule_store.list_enabled(self.connection, org_id, ALL_KINDS)
            self._forget_removed(rules, own)
            self.evaluate(org_id, rules, Happened(own, _to_read(own)))
            if any(event.type == EventType.JOB_FINISHED for event in own):
                tell_of_run(self.connection, org_id, self.moment)

    def evaluate(self, org_id: int, rules: Sequence[AlertRule], happened: Happened) -> list[Fired]:
        """Evaluate some rules of an organization, whose alerts the caller holds, and tell what fired."""
        if not rules:
            return []
        watched = {rule.id: self.tickers_of(rule) for rule in rules}
        of_results = frozenset[str]().union(*(watched[rule.id] for rule in rules if rule.draft.on in OF_RESULTS))
        standings = Standings(state_store.find(self.connection, list(watched), happened.subjects(of_results)))
        of_holdings = holding_subjects(happened.events, rules, standings)
        standings.add(state_store.find(self.connection, list(watched), of_holdings))
        facts = self._facts(org_id, rules, of_results, happened)
        ids = {event.data["result_id"] for event in happened.events if event.type == EventType.VERDICT_CHANGED}
        ids |= standings.result_ids() - {one.result_id for one in facts}
        named = {strategy for rule in rules for strategy in rule.draft.strategies}
        names = Naming(self.connection, org_id, self.universes).names_of(named)
        results = Results(standings, facts, analyses.superseded_among(self.connection, org_id, ids), names)
        seen = Prices(standings, self._known(org_id, facts, happened, names), self.moment)
        parts = (results, seen, Jobs(standings), Holdings(standings))
        fired: list[Fired] = []
        for event in _splits_first(happened.events):
            for rule in rules:
                if event.type not in _OF_TICKERS or event.subject in watched[rule.id]:
                    fired += (one for part in parts for one in part.take(rule, event))
        for rule in rules:
            if rule.draft.on in OF_RESULTS:
                fired += results.read(rule, watched[rule.id])
        state_store.save(self.connection, org_id, standings.changed(), self.moment)
        fire(self.connection, org_id, fired, self.moment)
        return fired

    def tickers_of(self, rule: AlertRule) -> frozenset[str]:
        """The tickers that a rule watches; none where its universe is gone, or it watches none."""
        if rule.draft.tickers is not None or rule.draft.on not in OF_TICKERS:
            return frozenset(rule.draft.tickers or ())
        key = rule.org_id, rule.draft.universe or ""
        if key not in self._resolved:
            try:
                self._resolved[key] = frozenset(prices.resolve_universe(self.connection, *key, self.universes))
            except UniverseNotFound:
                self._resolved[key] = frozenset()
        return self._resolved[key]

    def see_ages(self, org_id: int, rules: Sequence[AlertRule], ages: Mapping[str, Mapping[str, object]]) -> list[Fired]:
        """Hold the rules that watch stale prices against how far tickers are behind, and tell what fired."""
        standings = Standings(state_store.find(self.connection, [rule.id for rule in rules], list(ages)))
        part = Prices(standings, Known(), self.moment)
        fired = [
            one for rule in rules for ticker in self.tickers_of(rule) & ages.keys() for one in part.see_age(rule, ticker, ages[ticker])
        ]
        state_store.save(self.connection, org_id, standings.changed(), self.moment)
        fire(self.connection, org_id, fired, self.moment)
        return fired

    def _forget_removed(self, rules: Sequence[AlertRule], events: Sequence[Event]) -> None:
        """Forget tickers that were taken off a watch list: one that comes back is not compared with what was seen then."""
        for event in events:
            if event.type == EventType.WATCHLIST_CHANGED and event.data["removed"]:
                of_list = [rule.id for rule in rules if rule.draft.universe and list_id_of(rule.draft.universe) == event.data["list"]]
                state_store.delete_subjects(self.connection, of_list, event.data["removed"])

    def _facts(self, org_id: int, rules: Sequence[AlertRule], tickers: frozenset[str], happened: Happened) -> list[analyses.LatestFacts]:
        """The latest results of what the rules watch, as far as they are to be read, or may have a plan that prices are held against."""
        if happened.tickers is not None:
            tickers &= happened.tickers | {event.subject or "" for event in happened.events if event.type == EventType.PRICES_REFRESHED}
        strategies = {strategy for rule in rules for strategy in rule.draft.strategies}
        return analyses.latest_facts(self.connection, org_id, sorted(strategies), sorted(tickers))

    def _known(self, org_id: int, facts: Iterable[analyses.LatestFacts], happened: Happened, names: Mapping[str, str]) -> Known:
        tickers = sorted({event.subject for event in happened.events if event.type in _OF_PRICES and event.subject})
        heads = prices.find_heads(self.connection, org_id, tickers) if tickers else {}
        return Known(heads, {(one.strategy, one.ticker): one for one in facts}, names)


def _to_read(events: Sequence[Event]) -> frozenset[str] | None:
    """The tickers whose latest results are to be read after some events; None for all."""
    if any(event.type == EventType.JOB_FINISHED and event.data["kind"] == BULK_ANALYSIS for event in events):
        return None
    return frozenset(event.subject or "" for event in events if event.type == EventType.VERDICT_CHANGED)


def _splits_first(events: Sequence[Event]) -> list[Event]:
    """Splits before the prices that they explain, which are told in the same transaction."""
    return sorted(events, key=lambda event: event.type != EventType.SPLIT_DETECTED)
