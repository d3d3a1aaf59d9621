"""The checks that say whether the service can do its work. Each says what was found and, where something is wrong, the remedy."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from sqlalchemy import exc

import database
import db_migrations
from models.health import Check, HealthReport
from models.migration import State

log = structlog.get_logger(__name__)


def check_database() -> Check:
    """Whether the database answers."""
    return _timed("database", _probe_database)


def check_schema() -> Check:
    """Whether the schema can be served by this code."""
    return _timed("schema", _probe_schema)


def readiness() -> HealthReport:
    """Whether traffic should come here: the database answers and its schema can be served."""
    return HealthReport((check_database(), check_schema()))


_Finding = tuple[bool, str, str | None]


def _timed(name: str, probe: Callable[[], _Finding]) -> Check:
    started = time.perf_counter()
    try:
        ok, found, remedy = probe()
    except exc.SQLAlchemyError as error:
        # The reason names hosts and files: it goes to the log, not to whoever asks.
        log.warning("health check failed", check=name, reason=database.reason_of(error))
        ok, found, remedy = (
            False,
            "The database does not answer.",
            "See that it runs and that DATABASE_URL is right; the log has the reason.",
        )
    return Check(name, ok, found, remedy, round((time.perf_counter() - started) * 1000, 2))


def _probe_database() -> _Finding:
    database.current().ping()
    return True, "It answers.", None


def _probe_schema() -> _Finding:
    with database.read() as connection:
        standing = db_migrations.standing(connection)
    remedy = None if standing.state is State.CURRENT else standing.remedy
    return standing.can_be_served, standing.explanation, remedy
