"""Writes what rules fired: rows of the inbox, events, and what the channels are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection

from features.alerts.sentences import merged
from features.alerts.store import alert as alert_store
from features.alerts.store.alert import AlertKey
from features.alerts.telling import tell_at_once
from infrastructure.outbox import record
from models.alert import OF_TICKERS, Alert, AlertRule, FiredBy
from models.event import EventType, NewEvent
from utils.ids import new_id


@dataclass(frozen=True)
class Fired:
    """What a rule fired of a subject and a day: what changed, and the message."""

    rule: AlertRule
    subject: str
    day: date
    message: str
    change: Mapping[str, Any]
    by: FiredBy = FiredBy.CONDITION
    ticker: str | None = None  # where the subject is none itself

    @property
    def key(self) -> AlertKey:
        """Of what there is at most one alert."""
        return self.rule.id, self.subject, self.day


def fire(connection: Connection, org_id: int, fired: Sequence[Fired], moment: datetime) -> list[Alert]:
    """Write alerts within the caller's transaction, and tell those that do not wait for a digest; return the new ones.

    At most one for each rule, subject and day: what fires again on a day is added to what there is. It is told in the digest, if that has
    not gone out, else only by the inbox, where it is unread again.
    """
    known = alert_store.find_of_days(connection, org_id, {one.key for one in fired})
    changed: dict[AlertKey, Alert] = {}
    new: dict[AlertKey, Alert] = {}
    for one in fired:
        if one.key in new:
            new[one.key] = _added(new[one.key], one)
        elif one.key in known:
            changed[one.key] = _added(changed.get(one.key, known[one.key]), one)
        else:
            new[one.key] = _alert_of(org_id, one, moment)
    alert_store.insert(connection, list(new.values()))
    alert_store.update(connection, [alert for key, alert in changed.items() if alert.data != known[key].data])
    record(connection, org_id, [_event(alert) for alert in new.values()])
    rules = {one.rule.id: one.rule for one in fired}
    tell_at_once(connection, org_id, [(rules[alert.rule_id], alert) for alert in new.values() if alert.told_at is not None], moment)
    return list(new.values())


def _alert_of(org_id: int, one: Fired, moment: datetime) -> Alert:
    rule, is_ticker = one.rule, one.rule.draft.on in OF_TICKERS
    waits = rule.draft.digest and bool(rule.draft.channels)
    data = {**one.change, "link": link_of(one.subject, one.change.get("strategy")) if is_ticker else one.change.get("link"), "more": []}
    return Alert(
        id=new_id(),
        org_id=org_id,
        rule_id=rule.id,
        rule_name=rule.draft.name,
        on=rule.draft.on,
        fired_by=one.by,
        subject=one.subject,
        ticker=one.subject if is_ticker else one.ticker,
        day=one.day,
        message=one.message,
        data=data,
        created_at=moment,
        told_at=None if waits else moment,
    )


def _added(alert: Alert, one: Fired) -> Alert:
    """An alert with what fired again on its day; the same again changes nothing."""
    first = {name: value for name, value in alert.data.items() if name not in ("link", "more")}
    told: list[Any] = [first, *alert.data["more"]]
    if one.change in told:
        return alert
    return replace(alert, message=merged([alert.message, one.message]), data={**alert.data, "more": [*alert.data["more"], one.change]})


def link_of(ticker: str, strategy: str | None) -> str:
    """The page of a ticker, with a strategy chosen."""
    return f"/tickers/{quote(ticker, safe='')}" + (f"?strategy={strategy}" if strategy else "")


def portfolio_link(portfolio_id: str) -> str:
    """The page of a portfolio."""
    return f"/portfolios?id={portfolio_id}"


def index_link(index_id: str) -> str:
    """The page of an index."""
    return f"/indices?index={index_id}"


def _event(alert: Alert) -> NewEvent:
    data = {"alert_id": alert.id, "rule_id": alert.rule_id, "ticker": alert.ticker, "message": alert.message}
    return NewEvent(EventType.ALERT_FIRED, f"alert:{alert.id}", alert.id, data)
