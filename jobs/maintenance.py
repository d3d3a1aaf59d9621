"""What must be done now and then by somebody, whichever engine runs the jobs: rescuing, waking, pruning.

Each task has a row that says when it was last taken on. Whoever moves that time forward, of all workers on all machines, does it: a lock
that nobody can die holding.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

import database
from config import Settings
from features.analyses.retention import cleanup_old_analyses, prune_cache_clearings, prune_idempotency_keys, prune_jobs, prune_sessions
from jobs.claims import rescue_expired
from jobs.store import item as item_store
from jobs.store import maintenance as maintenance_store
from jobs.wakeup import Wakeup

log = structlog.get_logger(__name__)

REPUBLISH_SECONDS = 5.0
PRUNE_SECONDS = 3600.0


@dataclass
class _Task:
    name: str
    every: float  # seconds
    run: Callable[[], object]
    due_at: float = 0.0  # by the monotonic clock of this process


class Maintenance:
    """The tasks of one process that takes part in the maintenance."""

    def __init__(self, settings: Settings, wakeup: Wakeup) -> None:
        self._settings, self._wakeup = settings, wakeup
        self._tasks = (
            _Task("rescue", settings.job_lease_seconds / 5, self._rescue),
            _Task("republish", REPUBLISH_SECONDS, self._republish),
            _Task("prune", PRUNE_SECONDS, self._prune),
        )

    def run_due(self) -> None:
        """Run what is due and nobody else has taken on."""
        for task in self._tasks:
            if time.monotonic() < task.due_at:
                continue
            task.due_at = time.monotonic() + task.every
            try:
                if self._take(task):
                    task.run()
            except SQLAlchemyError as error:
                if not database.is_unavailable(error):
                    log.exception("maintenance failed, it is tried again", task=task.name)
                else:
                    log.warning("maintenance put off, the database is not reachable", task=task.name, reason=database.reason_of(error))

    @staticmethod
    def _take(task: _Task) -> bool:
        with database.transaction() as connection:
            moment = item_store.database_now(connection)
            # A little early counts: else two processes that look at the same pace would keep missing the moment.
            return maintenance_store.take(connection, task.name, moment, moment - timedelta(seconds=0.9 * task.every))

    def _rescue(self) -> None:
        for job_id in rescue_expired():
            self._wakeup.work(job_id)

    def _republish(self) -> None:
        """Say again that there is work that nobody is at: a wake-up may have been lost, or its receiver."""
        with database.reader() as connection:
            job_id = None if item_store.is_anything_processed(connection) else item_store.next_queued_job(connection)
        if job_id is not None:
            self._wakeup.work(job_id)

    def _prune(self) -> None:
        cleanup_old_analyses(self._settings.results_kept)
        prune_jobs(self._settings.jobs_kept_days)
        prune_idempotency_keys()
        prune_cache_clearings()
        prune_sessions()
