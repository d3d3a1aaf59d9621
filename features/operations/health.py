"""Which checks say what: whether traffic should come here, how everything is, and whether a start would succeed.

The checks themselves are in the modules check_*; each says what was found and, where something is wrong, the remedy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import metadata
from platform import python_version

import database
from config import VERSION, Settings
from features.operations.checks import application
from features.operations.checks import database as of_database
from features.operations.checks import machine as check_machine
from features.operations.checks import redis as check_redis
from infrastructure.breaker import Breaker
from infrastructure.check_runner import CheckRunner, SharedCall
from jobs import health as check_job
from models.health import HealthReport, Probe
from models.migration import SchemaStatus

HTTP_SECONDS = 1.2  # so that who asks is told within 2 s, on a busy machine, too
HTTP_FRESH_SECONDS = 1.0  # who asks more often than that hears the same again
PREFLIGHT_SECONDS = 30.0  # for somebody who waits for the whole of it
READINESS = ("database", "schema", "database_writable", "redis", "broker", "pool", "backlog")
PARTS = ("flask", "SQLAlchemy", "pydantic", "numpy", "TA-Lib")


class HealthChecks:
    """The checks of a process that serves. Makes nothing and asks nobody until it is asked; thread-safe."""

    def __init__(self, settings: Settings, is_paused: Callable[[], bool] = lambda: False, breakers: Iterable[Breaker] = ()) -> None:
        """`is_paused` tells whether bulk jobs are off, when a backlog is no fault; `breakers` are the others than the database's."""
        self._breakers = tuple(breakers)
        self._standing = SharedCall("schema_status", of_database.schema_status, HTTP_FRESH_SECONDS)
        probes = (
            of_database.database_probe(),
            of_database.schema_probe(of_database.schema_status),
            of_database.writing_probe(),
            # A running service goes on without either: jobs are queued in the database, and workers are woken when the broker is back.
            replace(check_redis.redis_probe(settings), is_critical=False),
            replace(check_redis.broker_probe(settings), is_critical=False),
            of_database.pool_probe(),
            of_database.breaker_probe(self.breakers),
            check_machine.storage_probe(settings),
            check_machine.disk_probe(settings),
            of_database.clock_probe(),
            check_job.backlog_probe(settings, is_paused),
        )
        self._runner = CheckRunner(probes, HTTP_SECONDS, HTTP_FRESH_SECONDS)

    def database(self) -> HealthReport:
        """Whether the database answers."""
        return self._runner.report(("database",))

    def readiness(self) -> HealthReport:
        """Whether traffic should come here."""
        return self._runner.report(READINESS)

    def everything(self) -> HealthReport:
        """Every check of a process that serves."""
        return self._runner.report()

    def breakers(self) -> tuple[Breaker, ...]:
        """The circuit breakers of this process."""
        return (database.current().breaker, *self._breakers)

    def schema_status(self) -> SchemaStatus:
        """How the schema stands to the code. Raises check_runner.Unanswered, or the database's error."""
        return self._standing.value(HTTP_SECONDS)


def preflight(settings: Settings, routes: Callable[[], Iterable[application.Route]]) -> HealthReport:
    """Every check before a start: changes nothing, and needs neither a schema nor the network. `routes` tells the application's."""
    probes: tuple[Probe, ...] = (
        application.environment_probe(settings),
        application.secrets_probe(settings),
        of_database.reachable_probe(),
        of_database.writable_probe(),
        of_database.startable_probe(settings),
        of_database.checksums_probe(),
        of_database.tables_probe(),
        of_database.clock_probe(),
        check_redis.redis_probe(settings),
        check_redis.broker_probe(settings),
        check_machine.storage_probe(settings),
        check_machine.disk_probe(settings),
        check_machine.port_probe(settings),
        check_machine.draining_probe(settings),
        application.routes_probe(routes),
        application.packages_probe(),
    )
    return CheckRunner(probes, PREFLIGHT_SECONDS).report()


def preflight_without_settings() -> HealthReport:
    """What can be looked at when the configuration is refused."""
    return CheckRunner((application.packages_probe(),), PREFLIGHT_SECONDS).report()


def versions() -> dict[str, str]:
    """What this process runs on, by name."""
    return {"bellwether": VERSION, "python": python_version()} | {name: metadata.version(name) for name in PARTS}
