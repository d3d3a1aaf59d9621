"""Maintenance: periodic tasks, most of which one process among all runs, with either engine.

Each task of one process alone has a row with the time at which it was last taken. The process that advances this time runs the task.
Unlike a lock, this needs no release when that process dies.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from database import Database
from infrastructure.feature import MaintenanceTask
from infrastructure.foundation import Foundation
from infrastructure.sql.database_clock import database_now
from jobs.claims import rescue_expired
from jobs.flags import BULK_JOBS
from jobs.holding import release_held
from jobs.store import item as item_store
from jobs.store import maintenance as maintenance_store
from jobs.wakeup import Wakeup
from models.job import Lane
from utils.database_errors import is_unavailable, reason_of

log = structlog.get_logger(__name__)

RELEASE_SECONDS = 2.0
REPUBLISH_SECONDS = 5.0


class Maintenance:
    """The maintenance tasks of a process."""

    def __init__(self, database: Database, tasks: Iterable[MaintenanceTask]) -> None:
        self._database = database
        self._due_at = dict.fromkeys(tasks, 0.0)  # by the monotonic clock of this process

    def run_due(self) -> None:
        """Run the tasks that are due, those of one process alone where no other has taken them."""
        for task, due_at in self._due_at.items():
            if time.monotonic() < due_at:
                continue
            self._due_at[task] = time.monotonic() + task.seconds
            try:
                if task.all_may_run or self._take(task):
                    task.run()
            except SQLAlchemyError as error:
                if not is_unavailable(error):
                    log.exception("maintenance failed, it is tried again", task=task.name)
                else:
                    log.warning("maintenance put off", task=task.name, reason=reason_of(error))
            except Exception:
                # The other tasks, the rescue of items among them, must go on.
                log.exception("maintenance failed, it is tried again", task=task.name)

    def _take(self, task: MaintenanceTask) -> bool:
        with self._database.transaction() as connection:
            moment = database_now(connection)
            # Due a little early: a process that checks once per interval would otherwise often find the task not quite due.
            return maintenance_store.take(connection, task.name, moment, moment - timedelta(seconds=0.9 * task.seconds))


def machine_tasks(foundation: Foundation, wakeup: Wakeup) -> tuple[MaintenanceTask, ...]:
    """The tasks of the job machine: rescue expired items, release held ones, and repeat wake-ups that may have been lost."""
    database, flags, lease_seconds = foundation.database, foundation.flags, foundation.settings.job_lease_seconds

    def release() -> None:
        for job_id, lane in release_held(database, lambda org_id: flags.is_enabled(BULK_JOBS, org_id)).items():
            wakeup.wake_workers(job_id, lane)

    return (
        MaintenanceTask("rescue", lease_seconds / 5, lambda: _rescue(database, wakeup)),
        MaintenanceTask("release_held", RELEASE_SECONDS, release, all_may_run=True),
        MaintenanceTask("republish", REPUBLISH_SECONDS, lambda: _republish(database, wakeup)),
    )


def _rescue(database: Database, wakeup: Wakeup) -> None:
    for job_id, lane in rescue_expired(database).items():
        wakeup.wake_workers(job_id, lane)


def _republish(database: Database, wakeup: Wakeup) -> None:
    """Wake workers of each lane that has queued items and none claimed: the wake-up or the woken worker may have been lost."""
    for lane in Lane:
        with database.reader() as connection:
            job_id = None if item_store.has_claimed_items(connection, lane) else item_store.next_queued_job(connection, lane)
        if job_id is not None:
            wakeup.wake_workers(job_id, lane)
