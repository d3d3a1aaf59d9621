"""The events feature: events over HTTP, and their way to the subscribers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.belonging import Belonging
from infrastructure.feature import HOURLY, Feature, MaintenanceTask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Blueprint
    from prometheus_client.core import Metric
    from sqlalchemy import Connection

    from infrastructure.foundation import Foundation
    from models.health import Probe

LOOK_SECONDS = 1.0


def _blueprints() -> tuple[Blueprint, ...]:
    from features.events import routes

    return (routes.blueprint,)


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.events.retention import prune_events
    from infrastructure.outbox import hand_out

    database = foundation.database
    return (
        MaintenanceTask("hand_out_events", LOOK_SECONDS, lambda: hand_out(database, foundation.subscribers), all_may_run=True),
        MaintenanceTask("prune_events", HOURLY, lambda: prune_events(database)),
    )


def _probes(foundation: Foundation) -> tuple[Probe, ...]:
    from features.events.health import events_probe

    return (events_probe(foundation.database),)


def _metrics(_: Foundation, connection: Connection) -> Iterable[Metric]:
    from features.events.metrics import read_metrics

    return read_metrics(connection)


BELONGINGS = (Belonging("events"),)

FEATURE = Feature("events", blueprints=_blueprints, maintenance=_maintenance, probes=_probes, metrics=_metrics, belongings=BELONGINGS)
