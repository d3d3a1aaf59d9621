"""The files feature: what is kept in the storage."""

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
    from infrastructure.integration import Connector
    from models.health import Probe


def _blueprints() -> tuple[Blueprint, ...]:
    from features.files.routes import link

    return (link.blueprint,)


def _sweep(foundation: Foundation) -> None:
    from features.files.service import files_of

    files_of(foundation).sweep()


def _tidy(foundation: Foundation) -> None:
    from features.files.service import files_of

    files_of(foundation).tidy()


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    return (
        MaintenanceTask("sweep_stored_files", HOURLY, lambda: _sweep(foundation)),
        MaintenanceTask("tidy_storage", HOURLY, lambda: _tidy(foundation)),
    )


def _probes(foundation: Foundation) -> tuple[Probe, ...]:
    from features.files.health import storage_probe
    from infrastructure.storage.opening import storage_of

    return (storage_probe(storage_of(foundation)),)


def _metrics(_: Foundation, connection: Connection) -> Iterable[Metric]:
    from features.files.metrics import read_metrics

    return read_metrics(connection)


def _connectors(foundation: Foundation) -> tuple[Connector, ...]:
    from features.files.integrations import storage_connector
    from infrastructure.storage.opening import storage_of

    return (storage_connector(foundation.settings, lambda: storage_of(foundation)),)


# Files go by their own way: the row says `removed`, then the object goes, then the row.
BELONGINGS = (
    Belonging("stored_file_subjects", ("org_id", "purpose", "subject", "file_id")),
    Belonging("stored_files", hidden=("storage_key",), is_removed=False),
)

FEATURE = Feature(
    "files",
    blueprints=_blueprints,
    maintenance=_maintenance,
    probes=_probes,
    metrics=_metrics,
    connectors=_connectors,
    belongings=BELONGINGS,
)
