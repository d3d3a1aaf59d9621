"""The local engine: worker processes on this machine, kept alive by `worker.py`."""

from __future__ import annotations

import gc
import os
import sys
import threading
from dataclasses import replace

import structlog
from sqlalchemy.exc import SQLAlchemyError

import database
from config import Settings
from infrastructure.flags import FeatureFlags
from jobs.claims import release_worker
from jobs.flags import BULK_JOBS
from jobs.maintenance import Maintenance
from jobs.supervised_process import CHECK_CHILDREN_SECONDS, SCRIPT, SupervisedProcess
from jobs.wakeup import CHANNEL_WORK, Wakeup, WakeupListener

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.2  # how soon an idle worker sees new work by itself
HEARD_POLL_SECONDS = 2.0  # and how soon when it would be woken
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0  # seconds before a worker tries again whose database is away
NICENESS = 10


def database_options(settings: Settings) -> database.DatabaseOptions:
    """The database as a worker of either engine uses it.

    A worker that is stopped half-way through a transaction is cut off when its lease has run out: what it had locked is free for others.
    Nobody waits for a worker's answer, and it has pauses of its own: no breaker.
    """
    options = database.DatabaseOptions.of(settings)
    return replace(options, idle_in_transaction_timeout=settings.job_lease_seconds, breaker_failures=0)


def run_worker(name: str, settings: Settings, wakeup: Wakeup, stop: threading.Event) -> None:
    """A worker process: run what is queued, wait for more, until `stop` is set. It survives the database's absence."""
    from jobs.executor import Executor  # noqa: PLC0415 — the parent of the workers need not carry the engine

    # Requests, served by other processes of this machine, go first: nobody waits for a single ticker of a job.
    os.nice(NICENESS)
    # What start-up made stays: without it, every full collection would walk through all of it again.
    gc.collect()
    gc.freeze()
    flags = FeatureFlags(database.current(), (BULK_JOBS,))
    executor = Executor(name, settings.job_lease_seconds, wakeup, stop, lambda: flags.is_enabled(BULK_JOBS))
    doorbell = WakeupListener(settings.redis_url, CHANNEL_WORK)
    pause = FIRST_PAUSE
    try:
        while not stop.is_set():
            try:
                executor.drain()
                pause = FIRST_PAUSE
            except SQLAlchemyError as error:
                if not database.is_unavailable(error):
                    log.exception("worker failed, it tries again")
                else:
                    log.warning("database not reachable, it tries again", reason=database.reason_of(error))
                stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                doorbell.wait(stop, POLL_SECONDS, HEARD_POLL_SECONDS)
    finally:
        executor.close()
        doorbell.close()


class Supervisor:
    """`worker.py`: keeps the worker processes, frees at once what a dead one had in hand, and does the maintenance."""

    def __init__(self, settings: Settings, wakeup: Wakeup, stop: threading.Event) -> None:
        host = f"{os.uname().nodename}-{os.getpid()}"
        command = [sys.executable, str(SCRIPT), "--process"]
        self._children = [
            SupervisedProcess(command, f"{host}-{number}", self._release) for number in range(1, settings.worker_processes + 1)
        ]
        self._maintenance = Maintenance(settings, wakeup)
        self._stop = stop

    def run(self) -> None:
        """Go on until `stop` is set; then stop the children and wait for them."""
        # In a thread of its own: pruning, or waiting for a database that is away, must not keep a dead child from being noticed.
        threading.Thread(target=self._maintain, name="maintenance", daemon=True).start()
        try:
            while not self._stop.is_set():
                for child in self._children:
                    child.check()
                self._stop.wait(CHECK_CHILDREN_SECONDS)
        finally:
            for child in self._children:
                child.ask_to_stop()
            for child in self._children:
                child.stop()

    def _maintain(self) -> None:
        while not self._stop.wait(CHECK_CHILDREN_SECONDS):
            self._maintenance.run_due()

    def _release(self, worker: str) -> None:
        try:
            release_worker(worker)
        except SQLAlchemyError as error:
            # Its lease runs out by itself.
            log.warning("could not free what a dead worker had in hand", worker=worker, reason=database.reason_of(error))
