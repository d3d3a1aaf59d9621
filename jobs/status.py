"""The status of the jobs, for the status page."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from database import Database
from jobs.store import backlog as backlog_store
from jobs.store import failure as failure_store
from jobs.store import job as job_store
from models.recent_error import FailedItems
from utils.database_errors import is_unavailable, reason_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class JobsStatus:
    """The engine, its workers, and the jobs to run. Fields read from the database are None while it is away."""

    engine: str
    workers: int
    by_status: dict[str, int] | None
    queued_items: int | None
    backlog_seconds: float | None


def jobs_status(database: Database, settings: Settings) -> JobsStatus:
    """The status of the jobs of every organization. Does not raise when the database is away, because the status page must work then."""
    engine, workers = settings.job_engine, settings.worker_processes
    try:
        with database.read() as connection:
            by_status = job_store.count_by_status(connection)
            return JobsStatus(
                engine, workers, by_status, backlog_store.count_waiting(connection), round(backlog_store.waiting_seconds(connection), 1)
            )
    except SQLAlchemyError as error:
        if not is_unavailable(error):
            raise
        log.warning("status without the jobs", reason=reason_of(error))
        return JobsStatus(engine, workers, None, None, None)


def list_failures(connection: Connection, jobs: int) -> list[FailedItems]:
    """The failed items of the newest `jobs` of every organization that have any, by code."""
    return failure_store.list_failed(connection, jobs)
