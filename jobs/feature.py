"""What the job machine offers: jobs of every kind over HTTP, and their live progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.feature import Feature
from jobs.flags import BULK_JOBS, STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Blueprint
    from prometheus_client.core import Metric
    from sqlalchemy import Connection

    from infrastructure.foundation import Foundation
    from models.health import Probe


def _blueprints() -> tuple[Blueprint, ...]:
    from jobs import event_routes, routes

    return routes.blueprint, event_routes.blueprint, event_routes.socket_blueprint


def _probes(foundation: Foundation) -> tuple[Probe, ...]:
    from jobs.health import backlog_probe

    flags = foundation.flags
    return (backlog_probe(foundation.database, foundation.settings, lambda: not flags.is_enabled(BULK_JOBS)),)


def _metrics(_: Foundation, connection: Connection) -> Iterable[Metric]:
    from jobs.metrics import read_metrics

    return read_metrics(connection)


MACHINE = Feature("jobs", blueprints=_blueprints, flags=(BULK_JOBS, STREAMS), probes=_probes, metrics=_metrics)
