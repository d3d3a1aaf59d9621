"""The health checks of a web process, and the preflight checks before a start."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import metadata
from platform import python_version

from config import VERSION, Settings
from database import Database
from features.operations.checks import application, calendars, machine, redis
from features.operations.checks import database as database_checks
from infrastructure.check_runner import CheckRunner
from infrastructure.foundation import Foundation
from models.health import HealthReport, Probe

# The section of docs/runbook.md for each check of a serving process.
RUNBOOK_SECTIONS = {
    "database": "bellwetherdatabasedown",
    "schema": "bellwetherschemaunservable",
    "database_writable": "a-full-disk",
    "redis": "bellwetherlimitsperprocess",
    "broker": "bellwetherbacklogunclaimed",
    "pool": "bellwetherpoolnearlyfull",
    "breaker": "bellwetherbreakeropen",
    "data_folder": "a-full-disk",
    "storage": "the-storage-of-files",
    "disk_space": "a-full-disk",
    "clock": "symptoms",
    "backlog": "bellwetherbacklogunclaimed",
    "workers": "bellwethernoworkers",
    "flags": "bellwetherfeatureoff",
    "calendars": "symptoms",
    "providers": "providers-of-prices",
    "schedules": "bellwetherschedulesnotdispatched",
    "events": "bellwetherschedulesnotdispatched",  # the same maintenance hands them out
    "deliveries": "bellwethernoworkers",  # their workers send them
}
RUNBOOK = "/docs/runbook"
PREFLIGHT_SECONDS = 30.0  # generous, because it runs in a terminal
PACKAGES = ("flask", "SQLAlchemy", "pydantic", "numpy", "TA-Lib")


def serving_probes(foundation: Foundation) -> tuple[Probe, ...]:
    """The health checks of a web process."""
    settings, database = foundation.settings, foundation.database
    return (
        database_checks.database_probe(database),
        database_checks.schema_probe(database),
        database_checks.writing_probe(database),
        # Not critical while serving: jobs are queued in the database, and workers receive them when the broker is back.
        replace(redis.redis_probe(settings), is_critical=False),
        replace(redis.broker_probe(settings), is_critical=False),
        database_checks.pool_probe(database),
        database_checks.breaker_probe((database.breaker,)),
        application.flags_probe(foundation.flags),
        machine.data_folder_probe(settings),
        machine.disk_probe(settings),
        database_checks.clock_probe(database),
        calendars.calendars_probe(database),
    )


def preflight(
    settings: Settings,
    database: Database,
    routes: Callable[[], Iterable[application.Route]],
    complaints_of_pip: Callable[[], list[str]],
) -> HealthReport:
    """Run every check before a start. Changes nothing and needs neither a schema nor the network. `routes` lists the application's."""
    probes: tuple[Probe, ...] = (
        application.environment_probe(settings),
        application.secrets_probe(settings),
        database_checks.reachable_probe(database),
        database_checks.writable_probe(database),
        database_checks.startable_probe(database, settings),
        database_checks.checksums_probe(database),
        database_checks.tables_probe(database),
        database_checks.clock_probe(database),
        redis.redis_probe(settings),
        redis.broker_probe(settings),
        machine.data_folder_probe(settings),
        machine.disk_probe(settings),
        machine.port_probe(settings),
        machine.draining_probe(settings),
        application.routes_probe(routes),
        application.packages_probe(complaints_of_pip),
    )
    return CheckRunner(probes, PREFLIGHT_SECONDS).report()


def preflight_without_settings(complaints_of_pip: Callable[[], list[str]]) -> HealthReport:
    """Run the checks that need no settings, for a refused configuration."""
    return CheckRunner((application.packages_probe(complaints_of_pip),), PREFLIGHT_SECONDS).report()


def versions() -> dict[str, str]:
    """The versions of the service, Python and the main packages, by name."""
    return {"bellwether": VERSION, "python": python_version()} | {name: metadata.version(name) for name in PACKAGES}


def runbook_of(check: str) -> str | None:
    """The address of the section of the runbook that is about a check; None for one of an extra feature."""
    section = RUNBOOK_SECTIONS.get(check)
    return None if section is None else f"{RUNBOOK}#{section}"
