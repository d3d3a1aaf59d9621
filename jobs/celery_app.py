"""The Celery engine: `celery -A jobs.celery_app worker`. For as many machines as wanted, over one database and one Redis.

A message names a job and is nothing but a wake-up: whoever gets it runs what is queued in its lane, of whichever job. A message that is
lost, doubled or late changes no result; lost ones are sent again by the maintenance, which every Celery worker keeps a process for.

Each lane has a queue. A worker that is started without `-Q` takes from that of the lane `cpu`: waiting for a network in one of its few
processes would hold up computations. The lane `network` needs a worker of its own: `-Q bellwether.network --pool threads --concurrency 8`.

Celery is started by the name of this module, so it is an entrance, as `worker.py` is, and knows the features.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from functools import cache
from typing import Any

from celery import Celery, bootsteps, signals

import db_migrations
from config import ConfigError, Fault, Settings
from features import load_features
from infrastructure.entrance import run_program, set_up_log
from jobs.celery_wakeup import VISIBILITY_TIMEOUT, queue_of
from jobs.executor import Executor, ExecutorOptions
from jobs.local import CONNECTIONS_PER_THREAD
from jobs.machine import JobMachine
from jobs.supervised_process import supervised_workers
from models.job import Lane
from utils.ids import new_id

QUEUE_BEFORE_LANES = "bellwether"  # web processes of before send here while a deploy goes on
# A task ends after this long, and a message is there for the rest: so a worker that is told to stop has stopped soon, and loses nothing.
SLICE_SECONDS = 5.0
SOFT_SHUTDOWN_SECONDS = 15.0
PUBLISH_RETRIES = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1}
_stop = threading.Event()  # set when this process shuts down and runs tasks in threads


def _configuration() -> dict[str, Any]:
    try:
        settings = Settings.load()
    except ConfigError as error:
        sys.exit(str(error))
    return {
        "broker_url": settings.broker_url,
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": {"visibility_timeout": max(VISIBILITY_TIMEOUT, 4 * settings.job_lease_seconds), "socket_timeout": 5.0},
        "task_default_queue": queue_of(Lane.CPU),
        "task_queues": {queue_of(Lane.CPU): {}, QUEUE_BEFORE_LANES: {}},
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
def drain(job_id: str, lane: str = Lane.CPU) -> int:
    """Run what is queued in a lane, for a while; how many items were run. Messages of before name no lane."""
    options = _options(Lane(lane))
    worker = f"celery-{os.uname().nodename}-{os.getpid()}-{new_id()[-12:]}"
    executor = Executor(worker, _stop, options)
    started, ran = time.monotonic(), 0
    try:
        while not _stop.is_set() and (items := executor.run_chunk()):
            if not ran:
                # There may be more than one can do. Each task sends one message, so that all who are idle wake one after the other, and the
                # one that is left over goes on where this slice ends.
                options.wakeup.work(job_id, options.lane)
            ran += items
            if time.monotonic() - started > SLICE_SECONDS:
                break
    finally:
        executor.close()
    return ran


@cache
def _machine() -> JobMachine:
    """What all tasks of a process share; the pool's processes inherit it, and each makes connections of its own."""
    settings = Settings.load()
    # With a pool of threads, this process needs the connections of all.
    return JobMachine.of(settings, load_features(settings), CONNECTIONS_PER_THREAD * settings.network_threads)


@cache
def _options(lane: Lane) -> ExecutorOptions:
    """What the executors of a process share that work in a lane, one after the other or in threads."""
    return _machine().executor_options(lane)


@signals.setup_logging.connect
def _configure_logging(**_: Any) -> None:
    set_up_log(Settings.load())


@signals.celeryd_init.connect
def _start(**_: Any) -> None:
    """Check that this worker can start, or end it: Celery itself would go on after an exception."""
    status = run_program(_prepare, prefix="Not started: ")
    if status:
        sys.exit(status)


def _prepare(settings: Settings) -> int:
    """As in every process that serves: the database, with retries, then its schema. The pool's processes make connections of their own."""
    if settings.job_engine != "celery":
        raise ConfigError([Fault("JOB_ENGINE", "It is not celery: jobs are run by `python worker.py`.", "Set it to celery, or run that.")])
    database = _machine().foundation.database
    database.connect()
    db_migrations.ensure_schema(settings.auto_migrate, database)
    return 0


@signals.worker_shutting_down.connect
def _give_back(**_: Any) -> None:
    """Tasks in threads of this process finish the key in hand; those in processes of a pool do not hear of it, and end with their slice."""
    _stop.set()


class MaintenanceStep(bootsteps.StartStopStep):
    """Keeps one `worker.py` beside the Celery worker, which under this engine does the maintenance alone."""

    requires = {"celery.worker.components:Timer"}  # noqa: RUF012 — as the base class has it

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._supervised = supervised_workers()

    def start(self, parent: Any) -> None:
        """Look after it every second."""
        self._supervised.check()
        parent.timer.call_repeatedly(1.0, self._supervised.check)

    def stop(self, parent: Any) -> None:
        """Stop it with the worker."""
        self._supervised.stop()

    terminate = stop


app.steps["worker"].add(MaintenanceStep)
