"""The metrics of alerts."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import Connection

from features.alerts.store import alert as alert_store
from infrastructure.database_metrics import gauge
from models.alert import AlertKind
from utils.clock import now

RECENT = timedelta(hours=24)


def read_metrics(connection: Connection) -> list[Metric]:
    """Alerts of the last day by what their rules watch, those that are unread, and those that wait for their message."""
    counts = alert_store.count_since(connection, now() - RECENT)
    unread, untold = alert_store.count_open(connection)
    fired = GaugeMetricFamily("bellwether_alerts_fired", "Alerts that were written in the last 24 hours.", labels=["on"])
    for kind in AlertKind:
        fired.add_metric([kind], counts.get(kind, 0))
    return [
        fired,
        gauge("bellwether_alerts_unread", "Alerts that nobody has read.", unread),
        gauge("bellwether_alerts_untold", "Alerts that wait to be told in one message with others.", untold),
    ]
