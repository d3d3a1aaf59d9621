"""What the job machine offers: jobs of every kind over HTTP, and their live progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.feature import Feature
from models.feature_flag import Flag

if TYPE_CHECKING:
    from flask import Blueprint

BULK_JOBS = Flag("bulk_jobs", "New bulk jobs, and workers: what is queued waits, what is in hand is finished.")
STREAMS = Flag("streams", "Live progress. Clients poll GET /jobs/{id} instead.")


def _blueprints() -> tuple[Blueprint, ...]:
    from jobs import event_routes, routes

    return routes.blueprint, event_routes.blueprint, event_routes.socket_blueprint


MACHINE = Feature(
    "jobs",
    blueprints=_blueprints,
    flags=(
        BULK_JOBS,
        STREAMS,
    ),
)
