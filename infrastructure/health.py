"""The health checks of a web process: its readiness for traffic, and the state of everything that it depends on."""

from __future__ import annotations

from collections.abc import Iterable

import db_migrations
from database import Database
from infrastructure.check_runner import CheckRunner, SharedCall
from models.health import HealthReport, Probe
from models.migration import SchemaStatus

HTTP_SECONDS = 1.2  # leaves room to answer within 2 s on a busy machine
FRESH_SECONDS = 1.0  # callers within this time share a result


class HealthChecks:
    """Runs the features' probes when a report is asked for, not before. Thread-safe."""

    def __init__(self, database: Database, probes: Iterable[Probe], fresh_seconds: float = FRESH_SECONDS) -> None:
        probes = tuple(probes)
        self._readiness = tuple(probe.name for probe in probes if probe.decides_readiness)
        self._runner = CheckRunner(probes, HTTP_SECONDS, fresh_seconds)
        self._schema_status = SharedCall("schema status", lambda: read_schema_status(database), fresh_seconds)

    def database(self) -> HealthReport:
        """The check of the database alone."""
        return self._runner.report(("database",))

    def readiness(self) -> HealthReport:
        """The checks that decide whether this process should receive traffic."""
        return self._runner.report(self._readiness)

    def everything(self) -> HealthReport:
        """Every check."""
        return self._runner.report()

    def schema_status(self) -> SchemaStatus:
        """The schema's version and pending migrations. Raises check_runner.CheckTimeout, or the database's error."""
        return self._schema_status.value(HTTP_SECONDS)


def read_schema_status(database: Database) -> SchemaStatus:
    """The schema's version and pending migrations, read on a pooled connection."""
    with database.read() as connection:
        return db_migrations.schema_status(connection)
