"""The health check and the metrics of deliveries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import Connection

from database import Database
from features.deliveries.channels import BY_HAND
from features.deliveries.store import channel as channel_store
from features.deliveries.store import delivery as delivery_store
from features.deliveries.unsubscribing import REASON
from infrastructure.database_metrics import gauge
from infrastructure.sql.database_clock import database_now
from models.health import Finding, Probe, doubtful, good
from models.message import AttemptOutcome, DeliveryStatus

STUCK_AFTER = timedelta(minutes=5)
RECENT = timedelta(hours=1)
REMEDY = "GET /api/v1/deliveries tells what each receiver answered. Switch a channel on again with PATCH /api/v1/channels/{id}."
STUCK_REMEDY = "Check that a worker of the lane network is alive, and its log; or switch the flag `deliveries` on."
Clock = Callable[[Connection], datetime]


def deliveries_probe(database: Database, clock: Clock = database_now) -> Probe:
    """A probe of whether messages get through. Not critical: everything else works without them."""
    return Probe("deliveries", lambda: _deliveries(database, clock), REMEDY, is_critical=False, needs=("schema",))


def _deliveries(database: Database, clock: Clock) -> Finding:
    with database.read() as connection:
        moment = clock(connection)
        ailing = channel_store.count_ailing(connection, (BY_HAND, REASON))
        is_stuck = delivery_store.has_due(connection, moment - STUCK_AFTER)
    if is_stuck:
        return doubtful("Messages wait for more than five minutes after their time.", STUCK_REMEDY)
    if ailing:
        told = "channel is" if ailing == 1 else "channels are"
        return doubtful(f"{ailing} {told} switched off, because messages did not get through.", REMEDY)
    return good("Messages are sent when they are due.")


def read_metrics(connection: Connection, clock: Clock = database_now) -> list[Metric]:
    """What waits, the age of the oldest message that does, and the attempts of the last hour by outcome."""
    moment = clock(connection)
    backlog = delivery_store.backlog(connection, moment - RECENT)
    waiting = GaugeMetricFamily("bellwether_deliveries_waiting", "Messages that have not arrived yet.", labels=["status"])
    for status in (DeliveryStatus.PENDING, DeliveryStatus.SENDING):
        waiting.add_metric([status], backlog.waiting.get(status, 0))
    attempts = GaugeMetricFamily("bellwether_delivery_attempts_last_hour", "Attempts of the last hour.", labels=["outcome"])
    for outcome in AttemptOutcome:
        attempts.add_metric([outcome], backlog.attempts.get(outcome, 0))
    age = 0.0 if backlog.oldest_at is None else max(0.0, (moment - backlog.oldest_at).total_seconds())
    return [
        waiting,
        attempts,
        gauge("bellwether_delivery_oldest_seconds", "Age of the oldest message that has not arrived yet.", age),
    ]
