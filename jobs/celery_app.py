"""The Celery engine, for any number of machines with one database and one Redis: `celery -A jobs.celery_app worker`.

A message names a job but only wakes a worker, which then runs the queued items of the lane, of any job. So a lost, duplicated or late
message changes no result. The maintenance, which runs in a process beside every Celery worker, replaces lost messages.

Each lane has a queue. A worker that is started without `-Q` consumes the queue of the lane `cpu` only: an item that waits for a network
would block one of its few processes. The lane `network` needs its own worker: `-Q bellwether.network --pool threads --concurrency 8`.

Celery imports this module by its name, so like `worker.py` it is an entrance, which may import the features.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

from celery import Celery, bootsteps, signals

import db_migrations
from config import ConfigError, Fault, Settings
from features import load_features
from infrastructure.entrance import run_program, set_up_log
from infrastructure.linear_algebra import keep_to_one_thread
from jobs.celery_wakeup import VISIBILITY_TIMEOUT, queue_of
from jobs.executor import Executor, ExecutorOptions
from jobs.local import CONNECTIONS_PER_THREAD
from jobs.machine import JobMachine
from jobs.presence import Presence, identity_of
from jobs.supervised_process import supervised_workers
from models.job import Lane
from utils.ids import new_id

# Celery finds this module in the current folder, and then takes that off the path again. What is imported later has to be found as well.
sys.path.append(str(Path(__file__).resolve().parents[1]))
keep_to_one_thread()
LEGACY_QUEUE = "bellwether"  # web processes of versions without lanes send to it during a deploy
# A task ends after this time, and another message continues its work. So a worker that is asked to stop does so soon and loses no work.
SLICE_SECONDS = 5.0
SOFT_SHUTDOWN_SECONDS = 15.0
PUBLISH_RETRIES = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1}
_lanes: set[Lane] = set()  # that this worker consumes
_presence = ExitStack()  # holds the heartbeats of this process
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
        "task_queues": {queue_of(Lane.CPU): {}, LEGACY_QUEUE: {}},
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
    """Run queued items of a lane for about SLICE_SECONDS; return their number. Messages of versions without lanes name no lane."""
    options = _options(Lane(lane))
    executor = Executor(_worker_name(os.getpid()), _stop, options)
    started, ran = time.monotonic(), 0
    try:
        while not _stop.is_set() and (items := executor.run_chunk()):
            if not ran:
                # More work may be queued than one task can run. Each task sends one message, so that idle workers wake one after the
                # other. A message that none of them needs continues the work after this slice.
                options.wakeup.wake_workers(job_id, options.lane)
            ran += items
            if time.monotonic() - started > SLICE_SECONDS:
                break
    finally:
        executor.close()
    return ran


@cache
def _worker_name(pid: int) -> str:
    """The name of this process in claims. A process of a pool that was forked has another pid, and so a name of its own."""
    return f"celery-{os.uname().nodename}-{pid}-{new_id()[-12:]}"


@cache
def _machine() -> JobMachine:
    """The job machine of this process. The processes of a pool inherit it, and each opens its own connections."""
    settings = Settings.load()
    # With a pool of threads, all of them use the connections of this process.
    return JobMachine.of(settings, load_features(settings), CONNECTIONS_PER_THREAD * settings.network_threads)


@cache
def _options(lane: Lane) -> ExecutorOptions:
    """The options that the executors of this process for a lane share."""
    return _machine().executor_options(lane)


@signals.setup_logging.connect
def _configure_logging(**_: Any) -> None:
    set_up_log(Settings.load())


@signals.celeryd_init.connect
def _start(**_: Any) -> None:
    """Check that this worker can start, and exit if it cannot: Celery would ignore an exception."""
    status = run_program(_prepare, prefix="Not started: ")
    if status:
        sys.exit(status)


def _prepare(settings: Settings) -> int:
    """Connect to the database, with retries, and check its schema. The processes of a pool open their own connections."""
    if settings.job_engine != "celery":
        raise ConfigError([Fault("JOB_ENGINE", "It is not celery: jobs are run by `python worker.py`.", "Set it to celery, or run that.")])
    database = _machine().foundation.database
    database.connect()
    db_migrations.ensure_schema(settings.auto_migrate, database)
    return 0


@signals.worker_shutting_down.connect
def _stop_tasks(**_: Any) -> None:
    """Make tasks in threads of this process stop after their current key. Tasks in processes of a pool end with their slice."""
    _stop.set()


@signals.celeryd_after_setup.connect
def _find_lanes(instance: Any, **_: Any) -> None:
    """Keep which lanes this worker consumes, before its pool is forked."""
    names = set(instance.app.amqp.queues.consume_from)
    _lanes.update(lane for lane in Lane if queue_of(lane) in names)
    if LEGACY_QUEUE in names:
        _lanes.add(Lane.CPU)


@signals.worker_process_init.connect
def _appear(**_: Any) -> None:
    """Begin the heartbeats of a process of a pool. It runs as the process starts, with the connections of its parent left behind."""
    _appear_as_worker()


@signals.worker_process_shutdown.connect
def _disappear(**_: Any) -> None:
    """Remove a process of a pool from the workers."""
    _presence.close()


def _appear_as_worker() -> None:
    identity = identity_of(_worker_name(os.getpid()), _lanes, "celery")
    _presence.enter_context(Presence(_machine().foundation.database, identity))


class PresenceStep(bootsteps.StartStopStep):
    """The heartbeats of a Celery worker that runs tasks in threads of its one process."""

    requires = {"celery.worker.components:Pool"}  # noqa: RUF012 — declared so by the base class

    def include_if(self, parent: Any) -> bool:
        """Whether tasks run in this process."""
        return not parent.pool_cls.__module__.endswith(".prefork")

    def start(self, parent: Any) -> None:
        """Begin the heartbeats."""
        _appear_as_worker()

    def stop(self, parent: Any) -> None:
        """End them, and remove the worker."""
        _presence.close()

    terminate = stop


class MaintenanceStep(bootsteps.StartStopStep):
    """Keeps one `worker.py` running beside the Celery worker. With this engine it runs the maintenance only."""

    requires = {"celery.worker.components:Timer"}  # noqa: RUF012 — declared so by the base class

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._supervised = supervised_workers()

    def start(self, parent: Any) -> None:
        """Start it, and check every second that it runs."""
        self._supervised.check()
        parent.timer.call_repeatedly(1.0, self._supervised.check)

    def stop(self, parent: Any) -> None:
        """Stop it together with the worker."""
        self._supervised.stop()

    terminate = stop


app.steps["worker"].update((PresenceStep, MaintenanceStep))
