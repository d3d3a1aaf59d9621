"""Helpers of the tests of alerts: results with a given score, events, and the evaluation of the rules as maintenance does it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text

import database
from analysis.score import signal_of, verdict_of
from api.application import Application
from features.alerts.subscribing import alert_subscriber
from features.analyses.store import latest as latest_store
from features.analyses.store.latest import Mark
from features.deliveries.store import channel as channel_store
from infrastructure.outbox import Subscriber, hand_out, record
from kit.bars import bars_of
from kit.series import store
from kit.support import Client
from models.event import EventType, NewEvent
from models.exchange import WEEKDAYS
from models.message import Channel, ChannelType
from models.screen import ScreenValues
from utils.clock import now
from utils.ids import new_id

MONDAY = date(2024, 1, 1)  # a holiday of exchanges, but tickers of no known exchange have weekdays
RULE = {"name": "Turns to Buy", "on": "verdict_changed", "tickers": ["ACME"], "conditions": {"to": ["Buy", "Strong Buy"]}}
_INSERT = text(
    """
    INSERT INTO analysis_results (
        id, org_id, ticker, strategy, as_of, bars, close, score, verdict, signal, fingerprint, parameters, body, created_at, engine_version
    )
    VALUES (
        :id, :org_id, :ticker, :strategy, :as_of, 300, :close, :score, :verdict, :signal, :fingerprint, '{}', :body, :created_at, 'test'
    )
    """
)


def weekday(number: int) -> date:
    """The weekday of this number, from MONDAY on."""
    return MONDAY + timedelta(days=number // 5 * 7 + number % 5)


@dataclass(frozen=True)
class Said:
    """What a result says."""

    score: float
    ticker: str = "ACME"
    strategy: str = "balanced"
    close: float = 100.0
    record: tuple[float, float, int] | None = None  # hit, lift and number
    plan: tuple[float, float, float] | None = None  # entry, stop and target


@dataclass
class Evening:
    """Makes results and events of one organization, and lets the rules be evaluated."""

    app: Application
    org_id: int = 1
    moment: datetime = field(default_factory=now)

    @property
    def subscriber(self) -> Subscriber:
        return alert_subscriber(self.app.services.foundation)

    def evaluate(self) -> None:
        """Hand out what is new."""
        hand_out(database.current(), [self.subscriber])

    def event(self, type_: EventType, subject: str, data: Mapping[str, Any], org_id: int | None = None) -> None:
        """Write an event."""
        with database.transaction() as connection:
            record(connection, self.org_id if org_id is None else org_id, [NewEvent(type_, new_id(), subject, data)])

    def ended(self, kind: str = "bulk_analysis", **more: Any) -> None:
        """Write that a job has ended."""
        job_id = new_id()
        data = {
            "job_id": job_id,
            "kind": kind,
            "status": "completed",
            "total": 1,
            "succeeded": 1,
            "failed": 0,
            "cancelled": 0,
            "error": None,
        }
        self.event(EventType.JOB_FINISHED, job_id, {**data, **more})

    def result(self, day: date, said: Said, *, tells: bool = True) -> str:
        """Store a latest result, and tell of a changed verdict as analyses do."""
        self.moment += timedelta(seconds=1)
        result_id, verdict = new_id(), verdict_of(said.score)
        fingerprint = hashlib.sha256(result_id.encode()).hexdigest()
        row = {
            "id": result_id, "org_id": self.org_id, "ticker": said.ticker, "strategy": said.strategy, "as_of": day, "close": said.close,
            "score": said.score, "verdict": str(verdict), "signal": str(signal_of(said.score)),
            "fingerprint": fingerprint,
            "body": json.dumps({"provider": "test"}), "created_at": self.moment,
        }  # fmt: skip
        entry, stop, target = said.plan or (None, None, None)
        hit, lift, number = said.record or (None, None, None)
        values = ScreenValues(None, None, None, None, entry, stop, target, None, hit, lift, number, "0" * 12)
        with database.transaction() as connection:
            key = {"org_id": self.org_id, "ticker": said.ticker, "strategy": said.strategy}
            was = connection.execute(
                text("SELECT verdict, score FROM latest_results WHERE org_id = :org_id AND ticker = :ticker AND strategy = :strategy"), key
            ).first()
            connection.execute(_INSERT, row)
            latest_store.mark_latest(connection, [Mark(self.org_id, fingerprint, self.moment, values)])
            if tells and was is not None and was[0] != verdict:
                data = {
                    "ticker": said.ticker, "strategy": said.strategy, "from": was[0], "to": str(verdict), "score": said.score,
                    "previous_score": was[1], "close": said.close, "as_of": day, "result_id": result_id, "record": None,
                }  # fmt: skip
                record(connection, self.org_id, [NewEvent(EventType.VERDICT_CHANGED, f"verdict:{result_id}", said.ticker, data)])
        return result_id

    def run(self, day: date, *said: Said) -> None:
        """An evening: results, the end of their job, and the evaluation."""
        for one in said:
            self.result(day, one)
        self.ended()
        self.evaluate()

    def prices(self, day: date, close: float, previous: float | None = None, **more: Any) -> None:
        """Write that a ticker's prices are known up to a day."""
        data = {
            "ticker": "ACME", "source": "test", "outcome": "extended", "last_day": day, "close": close, "previous_close": previous,
            "high": close, "low": close, "added": 1, "changed": 0, **more,
        }  # fmt: skip
        org_id = data.pop("org_id", self.org_id)
        self.event(EventType.PRICES_REFRESHED, data["ticker"], data, org_id)

    def stale(self, last_day: date, expected: date, ticker: str = "ACME") -> None:
        """Write that prices are stale."""
        days = WEEKDAYS.trading_days(last_day, expected)
        data = {"ticker": ticker, "last_day": last_day, "expected_day": expected, "days": days}
        self.event(EventType.PRICES_STALE, ticker, data)


def make_rule(client: Client, **more: Any) -> Any:
    """Store a rule."""
    answer = client.post("/alert-rules", {**RULE, **more})
    assert answer.status_code == 201, answer.json
    return answer.json


def alerts(client: Client, query: str = "") -> list[Any]:
    """The inbox, oldest first."""
    answer = client.get(f"/alerts?limit=500{query}")
    assert answer.status_code == 200, answer.json
    return list(reversed(answer.json["items"]))


def told(client: Client) -> list[tuple[str, str, str]]:
    """The day and what turned to what, of each alert, oldest first."""
    return [(alert["day"], alert["data"]["was"], alert["data"]["is"]) for alert in alerts(client)]


def states(client: Client, rule_id: str) -> dict[str, str]:
    """The state of each ticker of a rule."""
    return {item["ticker"]: item["state"] for item in client.get(f"/alert-rules/{rule_id}/states").json["items"]}


def make_channel(name: str = "Hook", org_id: int = 1) -> str:
    """Store a channel that nothing is sent to; return its id."""
    moment = now()
    channel = Channel(
        new_id(), org_id, name, ChannelType.WEBHOOK, "https://receiver.example/hook", "UTC", True, None, 0, None, moment, None, moment, None
    )
    with database.transaction() as connection:
        assert channel_store.insert(connection, channel, name.lower(), None)
    return channel.id


def sent() -> list[tuple[str, str]]:
    """The channel and the title of each queued message, in order."""
    with database.read() as connection:
        found = connection.execute(text("SELECT channel_id, title FROM deliveries ORDER BY id"))
        return [(row[0], row[1]) for row in found]


def make_index(client: Client, name: str = "Both", *tickers: str, days: int = 70) -> str:
    """The id of a new index of tickers that grow evenly."""
    for place, ticker in enumerate(tickers or ("ONE", "TWO")):
        store(ticker, bars_of([20.0 + place + day / 10 for day in range(days)], first=MONDAY), now())
    answer = client.post("/indexes", {"name": name, "members": {"tickers": list(tickers or ("ONE", "TWO"))}})
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])
