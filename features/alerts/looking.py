"""What no event tells: days that pass over what is pending, prices that fall behind, and digests that have waited long enough."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from database import Database
from features.alerts.evaluation import ALL_KINDS, Evaluator, Happened
from features.alerts.store import alert as alert_store
from features.alerts.store import rule as rule_store
from features.alerts.store import state as state_store
from features.alerts.telling import tell_waiting
from features.prices import service as prices
from infrastructure.exchanges import Expectations
from infrastructure.feature import Universes
from models.alert import AlertKind
from utils.clock import now

LONGEST_WAIT = timedelta(hours=1)  # of an alert for the end of a run
IsOn = Callable[[int], bool]  # whether rules of an organization are evaluated


def everywhere(_: int) -> bool:
    """For every organization."""
    return True


def look_at_pending(database: Database, universes: Universes, moment: datetime | None = None, is_on: IsOn = everywhere) -> None:
    """Read the results of what is pending: one that is analysed alone, and keeps its verdict, has no event."""
    with database.reader() as connection:
        orgs = state_store.list_pending_orgs(connection)
    for org_id in filter(is_on, orgs):
        with database.transaction() as connection:
            rule_store.lock_alerts(connection, org_id)
            pending = state_store.find_pending(connection, org_id)
            rule_ids, tickers = {key.rule_id for key in pending}, frozenset(key.subject for key in pending)
            rules = [rule for rule in rule_store.list_enabled(connection, org_id, ALL_KINDS) if rule.id in rule_ids]
            Evaluator(connection, universes, moment or now()).evaluate(org_id, rules, Happened((), tickers))


def look_at_digests(
    database: Database, moment: datetime | None = None, longest: timedelta = LONGEST_WAIT, is_on: IsOn = everywhere
) -> None:
    """Tell what has waited for the end of a run for too long."""
    moment = moment or now()
    with database.reader() as connection:
        orgs = alert_store.list_waiting_orgs(connection, moment - longest)
    for org_id in filter(is_on, orgs):
        with database.transaction() as connection:
            rule_store.lock_alerts(connection, org_id)
            tell_waiting(connection, org_id, moment)


def look_at_ages(database: Database, universes: Universes, moment: datetime | None = None, is_on: IsOn = everywhere) -> None:
    """Hold the rules that watch stale prices against the series: there is no event on the days before prices count as stale."""
    moment = moment or now()
    with database.read() as connection:
        orgs = rule_store.list_orgs(connection, (AlertKind.PRICES_STALE,))
    for org_id in filter(is_on, orgs):
        with database.transaction() as connection:
            rule_store.lock_alerts(connection, org_id)
            evaluator = Evaluator(connection, universes, moment)
            rules = rule_store.list_enabled(connection, org_id, (AlertKind.PRICES_STALE,))
            tickers = sorted(frozenset[str]().union(*(evaluator.tickers_of(rule) for rule in rules)))
            heads, expectations = prices.find_heads(connection, org_id, tickers), Expectations(moment)
            ages = {}
            for ticker, head in heads.items():
                expected = expectations.of(ticker, head.exchange)
                behind = expected.calendar.trading_days(head.last_day, expected.newest)
                if behind:
                    age = {"last_day": head.last_day.isoformat(), "expected_day": expected.newest.isoformat(), "days": behind}
                    ages[ticker] = age
            if ages:
                evaluator.see_ages(org_id, rules, ages)
