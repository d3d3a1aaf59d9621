"""Metrics of pipelines."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import Connection

from features.pipelines.store import run as run_store
from models.pipeline import RunStatus


def read_metrics(connection: Connection) -> Iterable[Metric]:
    """The stored runs by status."""
    runs = GaugeMetricFamily("bellwether_pipeline_runs", "Stored runs of pipelines (30 days), by status.", labels=["status"])
    counts = run_store.count_by_status(connection)
    for status in RunStatus:
        runs.add_metric([status], counts.get(status, 0))
    yield runs
