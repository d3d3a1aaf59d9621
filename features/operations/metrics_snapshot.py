"""What metrics show of the database: read when they are asked for, at most every few seconds, and given up soon."""

from __future__ import annotations

import platform
from collections.abc import Iterator

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

import database
import db_migrations
from analysis.engine import ENGINE_VERSION
from config import VERSION
from infrastructure import flag_store
from infrastructure.check_runner import SharedCall, Unanswered
from jobs.store import backlog as backlog_store
from jobs.store import item as item_store
from jobs.store import job as job_store
from jobs.store import total as job_total_store
from models.feature_flag import Feature
from models.job_state import ItemStatus, JobStatus

log = structlog.get_logger(__name__)

FRESH_SECONDS = 2.0
LIMIT_SECONDS = 2.0


class DatabaseCollector(Collector):
    """Jobs, schema and flags. Says `bellwether_database_up 0` and nothing else of them while the database does not answer."""

    def __init__(self) -> None:
        self._read = SharedCall("metrics", _read, FRESH_SECONDS)

    def collect(self) -> Iterator[Metric]:
        """The metrics of this moment."""
        yield _build()
        up = GaugeMetricFamily("bellwether_database_up", "Whether the database answers.")
        try:
            metrics = self._read.value(LIMIT_SECONDS)
        except (SQLAlchemyError, Unanswered) as error:
            reason = "it did not answer in time" if isinstance(error, Unanswered) else database.reason_of(error)
            log.warning("metrics without those of the database", reason=reason)
            metrics = None
        up.add_metric([], 0 if metrics is None else 1)
        yield up
        yield from metrics or ()


def _build() -> Metric:
    labels = {"version": VERSION, "engine_version": str(ENGINE_VERSION), "python": platform.python_version()}
    labels["database"] = database.current().dialect
    build = GaugeMetricFamily("bellwether_build_info", "What runs here.", labels=list(labels))
    build.add_metric(list(labels.values()), 1)
    return build


def _read() -> list[Metric]:
    with database.read() as connection:
        schema_status = db_migrations.schema_status(connection)
    schema = [
        _gauge("bellwether_schema_version", "The newest migration applied.", schema_status.version),
        _gauge("bellwether_schema_pending", "Migrations to be applied.", len(schema_status.pending)),
        _gauge("bellwether_schema_servable", "Whether this version can serve the schema.", schema_status.can_be_served),
    ]
    if not schema_status.can_be_served:
        return schema  # the tables may not be there
    with database.read() as connection:
        by_status = job_store.count_by_status(connection)
        waiting_seconds = backlog_store.waiting_seconds(connection)
        waiting = item_store.count_queued(connection)
        totals = job_total_store.read(connection)
        changes = flag_store.last_changes(connection)
    jobs = GaugeMetricFamily("bellwether_jobs", "Jobs by state.", labels=["status"])
    for status in JobStatus:
        jobs.add_metric([status], by_status.get(status, 0))
    items = CounterMetricFamily("bellwether_job_items", "Items that ended.", labels=["outcome"])
    for outcome in (ItemStatus.SUCCEEDED, ItemStatus.FAILED, ItemStatus.CANCELLED):
        items.add_metric([outcome], totals[outcome])
    rescues = CounterMetricFamily("bellwether_job_rescues", "Items taken from lost workers.", value=totals["rescued"])
    features = GaugeMetricFamily("bellwether_feature_enabled", "Whether a feature is on.", labels=["flag"])
    for feature in Feature:
        features.add_metric([feature], changes[feature].enabled if feature in changes else 1)
    backlog = [
        _gauge("bellwether_job_backlog_items", "Items that wait to be claimed.", waiting),
        _gauge("bellwether_job_backlog_age_seconds", "How long work has waited while nobody claimed any.", waiting_seconds),
    ]
    return [*schema, jobs, *backlog, items, rescues, features]


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))
