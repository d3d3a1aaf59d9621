"""The Celery engine: `celery -A jobs.celery_app worker`. For as many machines as wanted, over one database and one Redis.

A message names a job and is nothing but a wake-up: whoever gets it runs what is queued, of whichever job. A message that is lost, doubled
or late changes no result; lost ones are sent again by the maintenance, which every Celery worker keeps a process for.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from celery import Celery, bootsteps, signals

import database
import db_migrations
from config import VERSION, Settings
from infrastructure.error_reports import reporter
from infrastructure.flags import FeatureFlags
from jobs.celery_wakeup import VISIBILITY_TIMEOUT, wakeup_for
from jobs.executor import Executor
from jobs.flags import BULK_JOBS
from jobs.isolated_process import StrikeCounts
from jobs.local import database_options
from jobs.supervised_process import supervised_workers
from utils.ids import new_id
from utils.logger import configure_logging

QUEUE = "bellwether"
# A task ends after this long, and a message is there for the rest: so a worker that is told to stop has stopped soon, and loses nothing.
SLICE_SECONDS = 5.0
SOFT_SHUTDOWN_SECONDS = 15.0
PUBLISH_RETRIES = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1}
# One of each for all tasks of a process, which follow one another quickly.
_kills = StrikeCounts()


def _configuration() -> dict[str, Any]:
    settings = Settings.load()
    return {
        "broker_url": settings.broker_url,
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": {"visibility_timeout": max(VISIBILITY_TIMEOUT, 4 * settings.job_lease_seconds), "socket_timeout": 5.0},
        "task_default_queue": QUEUE,
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_publish_retry_policy": PUBLISH_RETRIES,
        "worker_prefetch_multiplier": 1,
        "worker_soft_shutdown_timeout": SOFT_SHUTDOWN_SECONDS,
        "worker_hijack_root_logger": False,
    }


app = Celery("bellwether", set_as_current=False)
app.add_defaults(_configuration)


@app.task(name="bellwether.drain")
def drain(job_id: str) -> int:
    """Run what is queued, for a while; how many items were run."""
    settings = Settings.load()
    wakeup = wakeup_for(settings)
    worker = f"celery-{os.uname().nodename}-{os.getpid()}-{new_id()[-12:]}"
    stop = threading.Event()
    executor = Executor(
        worker,
        settings.job_lease_seconds,
        wakeup,
        stop,
        lambda: FeatureFlags(database.current(), (BULK_JOBS,)).is_enabled(BULK_JOBS),
        _kills,
    )
    started, ran = time.monotonic(), 0
    try:
        while items := executor.run_chunk():
            if not ran:
                # There may be more than one can do. Each task sends one message, so that all who are idle wake one after the other, and the
                # one that is left over goes on where this slice ends.
                wakeup.work(job_id)
            ran += items
            if time.monotonic() - started > SLICE_SECONDS:
                break
    finally:
        executor.close()
    return ran


@signals.setup_logging.connect
def _configure_logging(**_: Any) -> None:
    settings = Settings.load()
    configure_logging(settings.log_level, settings.log_as_json, reporter(settings.dsn, settings.environment, VERSION))


@signals.celeryd_init.connect
def _start(**_: Any) -> None:
    """As every process that serves: the database, with retries, then its schema."""
    settings = Settings.load()
    database.configure(database_options(settings))
    database.connect()
    db_migrations.ensure_schema(settings.auto_migrate)
    # The pool's processes make connections of their own.
    database.close()


class MaintenanceStep(bootsteps.StartStopStep):
    """Keeps one `worker.py` beside the Celery worker, which under this engine does the maintenance alone."""

    requires = {"celery.worker.components:Timer"}  # noqa: RUF012 — as the base class has it

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._kept = supervised_workers()

    def start(self, parent: Any) -> None:
        """Look after it every second."""
        self._kept.check()
        parent.timer.call_repeatedly(1.0, self._kept.check)

    def stop(self, parent: Any) -> None:
        """Stop it with the worker."""
        self._kept.stop()

    terminate = stop


app.steps["worker"].add(MaintenanceStep)
