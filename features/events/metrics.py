"""The metrics of events."""

from __future__ import annotations

from prometheus_client.core import CounterMetricFamily, Metric
from sqlalchemy import Connection

from infrastructure import event_store
from infrastructure.database_metrics import gauge
from utils.clock import now


def read_metrics(connection: Connection) -> list[Metric]:
    """How many events were handed out, how many wait and for how long, and how far the slowest subscriber is behind."""
    waiting, since = event_store.count_waiting(connection)
    last = event_store.last_position(connection)
    behind = max((last - progress.position for progress in event_store.list_progress(connection)), default=0)
    age = 0.0 if since is None else (now() - since).total_seconds()
    return [
        CounterMetricFamily("bellwether_events", "Events that were handed out.", value=last),
        gauge("bellwether_events_waiting", "Events that wait to be handed out.", waiting),
        gauge("bellwether_events_waiting_age_seconds", "Seconds that the oldest of them has waited.", age),
        gauge("bellwether_event_subscribers_behind", "Events handed out since the last one that the slowest subscriber has read.", behind),
    ]
