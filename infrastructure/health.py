"""The health checks of a process that serves: whether traffic should come to it, and how everything is."""

from __future__ import annotations

from collections.abc import Iterable

import db_migrations
from database import Database
from infrastructure.check_runner import CheckRunner, SharedCall
from models.health import HealthReport, Probe
from models.migration import SchemaStatus

HTTP_SECONDS = 1.2  # so that a caller is answered within 2 s on a busy machine, too
FRESH_SECONDS = 1.0  # callers within this time share an answer


class HealthChecks:
    """Runs the probes that features offer. Asks nothing before it is asked; thread-safe."""

    def __init__(self, database: Database, probes: Iterable[Probe], fresh_seconds: float = FRESH_SECONDS) -> None:
        probes = tuple(probes)
        self._readiness = tuple(probe.name for probe in probes if probe.decides_readiness)
        self._runner = CheckRunner(probes, HTTP_SECONDS, fresh_seconds)
        self._schema_status = SharedCall("schema status", lambda: read_schema_status(database), fresh_seconds)

    def database(self) -> HealthReport:
        """Whether the database answers."""
        return self._runner.report(("database",))

    def readiness(self) -> HealthReport:
        """Whether traffic should come to this process."""
        return self._runner.report(self._readiness)

    def everything(self) -> HealthReport:
        """Every check."""
        return self._runner.report()

    def schema_status(self) -> SchemaStatus:
        """How the schema stands to the code. Raises check_runner.CheckTimeout, or the database's error."""
        return self._schema_status.value(HTTP_SECONDS)


def read_schema_status(database: Database) -> SchemaStatus:
    """How the schema stands to the code, read on a connection of the pool."""
    with database.read() as connection:
        return db_migrations.schema_status(connection)
