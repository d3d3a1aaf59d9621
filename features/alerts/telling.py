"""Tells alerts by the channels of their rules: at once, or gathered into one message when a run has ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from features.alerts.sentences import changes_of, count
from features.alerts.store import alert as alert_store
from features.alerts.store import rule as rule_store
from features.deliveries import service as deliveries
from jobs import service as jobs
from models.alert import Alert, AlertRule
from models.bulk_analysis import BULK_ANALYSIS
from models.event import EventType
from models.message import Layout, Message
from models.pipeline import PIPELINE, PIPELINE_ITEMS
from models.series_fetch import PRICE_REFRESH

RUNS = (BULK_ANALYSIS, PRICE_REFRESH, PIPELINE, PIPELINE_ITEMS)  # kinds of job: while one is active, more may come for the same message
DIGEST_EVENT = "alert.digest"
INBOX = "/alerts"
MOST_GATHERED = 2_000  # alerts of one look
MOST_LISTED = 100  # alerts of a message
_NAMED = 5  # tickers of a title


def tell_at_once(connection: Connection, org_id: int, alerts: Iterable[tuple[AlertRule, Alert]], moment: datetime) -> None:
    """Send each alert by the channels of its rule, within the caller's transaction."""
    messages = [(rule.draft.channels, _message_of(alert)) for rule, alert in alerts if rule.draft.channels]
    if messages:
        deliveries.send_many(connection, org_id, messages, moment)


def tell_of_run(connection: Connection, org_id: int, moment: datetime) -> int:
    """Send what waits, one message for each channel, unless a run is still active; return how many alerts that were."""
    return 0 if jobs.has_active(connection, org_id, RUNS) else tell_waiting(connection, org_id, moment)


def tell_waiting(connection: Connection, org_id: int, moment: datetime) -> int:
    """Send what waits, and note that it is told, within the caller's transaction; return how many alerts that were.

    The caller holds the organization's alerts. A rule that was deleted meanwhile has no channels any more.
    """
    alerts = alert_store.list_untold(connection, org_id, MOST_GATHERED)
    if not alerts:
        return 0
    alert_store.mark_told(connection, [alert.id for alert in alerts], moment)
    rules = {rule_id: rule_store.find(connection, org_id, rule_id) for rule_id in {alert.rule_id for alert in alerts}}
    channels = {rule_id: rule.draft.channels for rule_id, rule in rules.items() if rule is not None}
    messages = [(members, _digest_of(gathered)) for members, gathered in _by_channel(alerts, channels)]
    if messages:
        deliveries.send_many(connection, org_id, messages, moment)
    return len(alerts)


def _by_channel(alerts: Sequence[Alert], channels: Mapping[str, Sequence[str]]) -> Iterable[tuple[list[str], list[Alert]]]:
    """The alerts of each channel; those channels together that get the same."""
    of_channel: dict[str, list[Alert]] = {}
    for alert in alerts:
        for channel in channels.get(alert.rule_id, ()):
            of_channel.setdefault(channel, []).append(alert)
    together: dict[tuple[str, ...], list[str]] = {}
    for channel, gathered in of_channel.items():
        together.setdefault(tuple(alert.id for alert in gathered), []).append(channel)
    for members in together.values():
        yield members, of_channel[members[0]]


def _message_of(alert: Alert) -> Message:
    return Message(
        event=EventType.ALERT_FIRED,
        key=f"alert:{alert.id}",
        title=f"{alert.rule_name}: {alert.ticker}" if alert.ticker else alert.rule_name,
        text=alert.message,
        subject=alert.subject,
        data=_told(alert),
        link=alert.data.get("link") or INBOX,
        layout=Layout.ALERT,
    )


def _digest_of(alerts: Sequence[Alert]) -> Message:
    """The alerts as one message; a single one as it would be sent alone."""
    if len(alerts) == 1:
        return _message_of(alerts[0])
    named = sorted({alert.ticker for alert in alerts if alert.ticker})
    about = f": {', '.join(named[:_NAMED])}{' …' if len(named) > _NAMED else ''}" if named else ""
    listed = alerts[:MOST_LISTED]
    more = len(alerts) - len(listed)
    return Message(
        event=DIGEST_EVENT,
        key=f"digest:{alerts[0].id}:{alerts[-1].id}",
        title=f"{count(len(alerts), 'alert')}{about}",
        text="\n".join(alert.message for alert in listed),
        data={"alerts": [_told(alert) for alert in listed], "total": len(alerts)},
        link=INBOX,
        layout=Layout.DIGEST,
        context={
            "changes": [change for alert in listed for change in changes_of(alert)],
            **({"intro": f"The first {len(listed)} of {len(alerts)}; the inbox has all."} if more else {}),
        },
    )


def _told(alert: Alert) -> dict[str, Any]:
    names = ("id", "rule_id", "rule_name", "on", "fired_by", "ticker", "day", "message", "data")
    return {name: getattr(alert, name) for name in names}


def tell_a_test(connection: Connection, rule: AlertRule, key: str, sentence: str) -> list[str]:
    """Send a message that says that it is a test to the channels of a rule; return the ids of its deliveries."""
    message = Message(
        event="alert.test",
        key=key,
        title=f"Test: {rule.draft.name}",
        text=f"This is a test of an alert rule; nothing has happened. {sentence}",
        data={"rule_id": rule.id, "rule_name": rule.draft.name},
        link=INBOX,
        layout=Layout.NOTIFY,
    )
    return deliveries.send(connection, rule.org_id, rule.draft.channels, message)
