"""Rules of an organization: made, changed, deleted and tried; and its inbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from database import AnyReader, Database
from features.alerts.evaluation import Evaluator, Happened
from features.alerts.naming import Naming, RuleFault
from features.alerts.owned import Subject, preview_indexes, preview_portfolios, subjects_of, tell_portfolios
from features.alerts.present import Preview, preview
from features.alerts.sentences import rule_sentence
from features.alerts.store import alert as alert_store
from features.alerts.store import rule as rule_store
from features.alerts.store import state as state_store
from features.alerts.telling import tell_a_test
from features.deliveries.service import require_channels
from features.portfolios.valuing import Valuer
from features.prices import service as prices
from features.strategies import service as strategies
from infrastructure.feature import KnownIds, Universes
from infrastructure.sql.batches import ROWS
from models.alert import OF_OWNED, OF_PORTFOLIOS, OF_TICKERS, Alert, AlertKind, AlertRule, RuleDraft
from models.alert_errors import AlertNotFound, AlertRuleNotFound, RuleNamesNothing, TooManyAlertRules, TooManyTickersOfRule
from models.event import Event
from utils.clock import now
from utils.ids import is_id, new_id

__all__ = [
    "Author",
    "Limits",
    "RuleFault",
    "Subject",
    "Told",
    "Tried",
    "change_rule",
    "create_rule",
    "delete_rule",
    "find_rule",
    "first_looks",
    "mark",
    "mark_all_read",
    "preview_rule",
    "subjects_of",
    "tell_of_rules",
    "try_rule",
]


@dataclass(frozen=True)
class Limits:
    """The most rules of an organization, and the most tickers of a rule when it is made."""

    rules: int = 100
    tickers: int = 2_000


@dataclass(frozen=True)
class Author:
    """Who changes rules, of which organization, among which built-in universes, and which ids there are of what other features have."""

    org_id: int
    actor_id: str | None
    universes: Universes
    limits: Limits = Limits()
    known: Mapping[str, KnownIds] = field(default_factory=dict)

    def naming(self, connection: Connection) -> Naming:
        """Looks up what rules of the organization name."""
        return Naming(connection, self.org_id, self.universes, self.known)


def first_looks(database: Database, author: Author, valuer: Valuer, draft: RuleDraft, former: RuleDraft | None = None) -> list[Event]:
    """The portfolios of a rule that begins, as they stand now; none of one that watches no portfolios, or goes on as before.

    They are valued without holding anything against writers.
    """
    goes_on = former is not None and _watched(draft) == _watched(former)
    if draft.on not in OF_PORTFOLIOS or not draft.enabled or goes_on:
        return []
    with database.reader() as reader:
        return tell_portfolios(reader, valuer, author.org_id, draft)


def create_rule(connection: Connection, author: Author, draft: RuleDraft, looks: Sequence[Event] = ()) -> AlertRule:
    """Store a rule within the caller's transaction; where its tickers stand now is what later changes are measured by.

    `looks` are those of `first_looks`. Raises UniverseNotFound, StrategyUnknown, StrategyArchived, RuleNamesNothing, TooManyAlertRules,
    TooManyTickersOfRule or ChannelNotFound.
    """
    rule_store.lock_alerts(connection, author.org_id)
    if rule_store.count(connection, author.org_id) >= author.limits.rules:
        raise TooManyAlertRules(author.limits.rules)
    rule = _new_rule(author, draft)
    evaluator = _checked(connection, author, rule)
    strategies.find_each(connection, author.org_id, rule.draft.strategies)
    rule_store.insert(connection, rule)
    _begin(evaluator, rule, looks)
    return rule


def change_rule(connection: Connection, author: Author, rule_id: str, draft: RuleDraft, looks: Sequence[Event] = ()) -> AlertRule:
    """Store a changed rule within the caller's transaction. Where other things are watched, or it is switched on, it begins anew.

    What it named before stays, also where it is gone. `looks` are those of `first_looks`. Raises AlertRuleNotFound, or as `create_rule`.
    """
    rule_store.lock_alerts(connection, author.org_id)
    former = find_rule(connection, author.org_id, rule_id)
    moment = now()
    changed = replace(
        former, draft=_dated(draft, moment, former.draft), version=former.version + 1, changed_at=moment, changed_by=author.actor_id
    )
    evaluator = _checked(connection, author, changed, former.draft)
    rule_store.update(connection, changed)
    if _watched(changed.draft) != _watched(former.draft):
        state_store.delete_of_rule(connection, rule_id)
        if changed.draft.enabled:
            _begin(evaluator, changed, looks)
    return changed


def delete_rule(connection: Connection, org_id: int, rule_id: str) -> None:
    """Delete a rule within the caller's transaction, and where it stands. What it told stays. Raises AlertRuleNotFound."""
    rule_store.lock_alerts(connection, org_id)
    if not is_id(rule_id) or not rule_store.delete(connection, org_id, rule_id):
        raise AlertRuleNotFound(rule_id)


def find_rule(connection: AnyReader, org_id: int, rule_id: str) -> AlertRule:
    """One rule. Raises AlertRuleNotFound."""
    found = rule_store.find(connection, org_id, rule_id) if is_id(rule_id) else None
    if found is None:
        raise AlertRuleNotFound(rule_id)
    return found


def preview_rule(database: Database, author: Author, draft: RuleDraft, valuer: Valuer) -> Preview:
    """What a rule that is not stored would see now. Raises as `create_rule`."""
    rule = _new_rule(author, draft)
    with database.bookkeeping() as connection:
        _checked(connection, author, rule)
    return _look(database, author, rule, valuer)


def _look(database: Database, author: Author, rule: AlertRule, valuer: Valuer) -> Preview:
    """What a rule would see now. Portfolios are valued without holding anything against writers."""
    with database.read() as connection:
        sentence = tell_of_rules(connection, author, [rule])[0].sentence
        if rule.draft.on not in OF_OWNED:
            return preview(Evaluator(connection, author.universes, now()), rule, sentence)
        if rule.draft.on not in OF_PORTFOLIOS:
            return preview_indexes(connection, author.universes, rule, sentence)
    with database.reader() as reader:
        return preview_portfolios(reader, valuer, rule, sentence)


@dataclass(frozen=True)
class Told:
    """What a rule does in words, and what it names and is gone."""

    sentence: str
    faults: tuple[RuleFault, ...]


def tell_of_rules(connection: Connection, author: Author, rules: Sequence[AlertRule]) -> list[Told]:
    """What rules do in words, one after the other."""
    naming, told = author.naming(connection), []
    naming.look_up([rule.draft for rule in rules])
    for rule in rules:
        faults = tuple(naming.faults(rule.draft))
        sentence = rule_sentence(rule.draft, naming.names_of(rule.draft.strategies), (fault.message for fault in faults))
        told.append(Told(sentence, faults))
    return told


@dataclass(frozen=True)
class Tried:
    """What a rule would see now, and the deliveries of the message that was sent to try its channels; None where none was."""

    preview: Preview
    deliveries: list[str] | None


def try_rule(database: Database, author: Author, rule_id: str, valuer: Valuer, *, sends: bool) -> Tried:
    """Show what a rule would see now, and send a message to its channels if that is asked for. Raises AlertRuleNotFound."""
    with database.reader() as connection:
        rule = find_rule(connection, author.org_id, rule_id)
    seen = _look(database, author, rule, valuer)
    with database.transaction() as connection:
        if not sends or not rule.draft.channels:
            return Tried(seen, None)
        return Tried(seen, tell_a_test(connection, rule, f"test:{new_id()}", seen.sentence))


def mark(database: Database, org_id: int, alert_id: str, *, is_read: bool) -> Alert:
    """Mark an alert as read or unread. Raises AlertNotFound."""
    found = None
    if is_id(alert_id):
        with database.transaction() as connection:
            if alert_store.mark(connection, org_id, alert_id, now() if is_read else None):
                found = alert_store.find(connection, org_id, alert_id)
    if found is None:
        raise AlertNotFound(alert_id)
    return found


def mark_all_read(database: Database, org_id: int, through: str | None, batch: int = ROWS) -> int:
    """Mark all unread alerts as read, those after `through` excepted; return how many. Each batch is a transaction."""
    moment, total = now(), 0
    while True:
        with database.transaction() as connection:
            marked = alert_store.mark_all_read(connection, org_id, through, moment, batch)
        total += marked
        if marked < batch:
            return total


def _new_rule(author: Author, draft: RuleDraft) -> AlertRule:
    moment = now()
    return AlertRule(new_id(), author.org_id, _dated(draft, moment), 1, moment, author.actor_id, moment, author.actor_id)


def _checked(connection: Connection, author: Author, rule: AlertRule, former: RuleDraft | None = None) -> Evaluator:
    """An evaluator for a rule with as many tickers as a rule may have; what it names, and did not before, is there."""
    evaluator, draft = Evaluator(connection, author.universes, now()), rule.draft
    if draft.universe is not None and (former is None or draft.universe != former.universe):
        prices.require_universe(connection, author.org_id, draft.universe, author.universes)
    if draft.on in OF_TICKERS:
        count = len(evaluator.tickers_of(rule))
        if count > author.limits.tickers:
            raise TooManyTickersOfRule(count, author.limits.tickers)
    for strategy in draft.strategies:
        strategies.require_known(connection, author.org_id, strategy)
    absent = list(author.naming(connection).absent(draft, {} if former is None else former.conditions))
    if absent:
        raise RuleNamesNothing(absent)
    known = () if former is None else former.channels
    require_channels(connection, author.org_id, [channel for channel in draft.channels if channel not in known])
    return evaluator


def _begin(evaluator: Evaluator, rule: AlertRule, looks: Sequence[Event]) -> None:
    """Keep where a rule stands that has seen nothing yet: a first look only says where things are, and tells nobody."""
    evaluator.evaluate(rule.org_id, [rule], Happened(looks))


def _dated(draft: RuleDraft, moment: datetime, former: RuleDraft | None = None) -> RuleDraft:
    """A draft whose level says since when it is meant: splits after that day change it."""
    if draft.on is not AlertKind.PRICE_CROSSED:
        return draft
    known = former.conditions if former is not None and former.conditions["level"] == draft.conditions["level"] else {}
    return replace(draft, conditions={**draft.conditions, "given_on": known.get("given_on", moment.date().isoformat())})


def _watched(draft: RuleDraft) -> tuple[object, ...]:
    return draft.conditions, draft.universe, draft.tickers, draft.strategies, draft.for_days, draft.enabled
