"""The feature of the job machine: routes of jobs and their live progress, and the maintenance tasks of api/ and infrastructure/."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.belonging import Belonging, Shown
from infrastructure.feature import HOURLY, Feature, MaintenanceTask
from jobs.flags import BULK_JOBS, STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Blueprint
    from prometheus_client.core import Metric
    from sqlalchemy import Connection

    from infrastructure.foundation import Foundation
    from models.health import Probe


PRUNE_WORKERS_SECONDS = 300.0


def _blueprints() -> tuple[Blueprint, ...]:
    from jobs import event_routes, routes

    return routes.blueprint, event_routes.blueprint, event_routes.socket_blueprint


def _probes(foundation: Foundation) -> tuple[Probe, ...]:
    from jobs.health import backlog_probe, workers_probe

    database, settings, flags = foundation.database, foundation.settings, foundation.flags
    return (backlog_probe(database, settings, lambda: not flags.is_enabled(BULK_JOBS)), workers_probe(database, settings))


def _metrics(_: Foundation, connection: Connection) -> Iterable[Metric]:
    from jobs.metrics import read_metrics

    return read_metrics(connection)


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from api.idempotency import prune_idempotency_keys
    from infrastructure.cache import prune_clearings
    from infrastructure.error_journal import prune_errors
    from jobs.presence import prune_workers
    from jobs.retention import prune_jobs

    database, settings = foundation.database, foundation.settings
    return (
        MaintenanceTask("prune_jobs", HOURLY, lambda: prune_jobs(database, settings.jobs_kept_days)),
        MaintenanceTask("prune_idempotency_keys", HOURLY, lambda: prune_idempotency_keys(database)),
        MaintenanceTask("prune_recent_errors", HOURLY, lambda: prune_errors(database)),
        MaintenanceTask("prune_workers", PRUNE_WORKERS_SECONDS, lambda: prune_workers(database)),
        MaintenanceTask("prune_cache_clearings", HOURLY, lambda: prune_clearings(database)),
    )


def _stop(connection: Connection, org_id: int) -> None:
    from jobs.service import cancel_all

    cancel_all(connection, org_id)


# Answers to requests that may be repeated have secrets in them, and are kept for a day.
BELONGINGS = (
    Belonging("idempotency_keys", ("org_id", "key"), shown=Shown.TO_NOBODY),
    Belonging("analysis_job_items", ("job_id", "key"), through=("job_id", "analysis_jobs"), hidden=("claim_token", "worker"), rows=500),
    Belonging("held_jobs", ("job_id",), through=("job_id", "analysis_jobs"), shown=Shown.TO_NOBODY),
    Belonging("analysis_jobs", hidden=("dedupe_key",)),
)

MACHINE = Feature(
    "jobs",
    blueprints=_blueprints,
    flags=(BULK_JOBS, STREAMS),
    maintenance=_maintenance,
    probes=_probes,
    metrics=_metrics,
    stopping=_stop,
    belongings=BELONGINGS,
)
