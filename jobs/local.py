"""The local engine: worker processes on this machine, kept alive by `worker.py`.

The lane `cpu` has a process for each core. The lane `network` has one process, whose threads mostly wait.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from database import Database
from jobs.claims import release_worker
from jobs.machine import JobMachine
from jobs.maintenance import Maintenance
from jobs.supervised_process import CHECK_CHILDREN_SECONDS, SCRIPT, SupervisedProcess, SupervisionPolicy
from jobs.wakeup import WakeupListener, work_channel
from models.job import Lane
from utils.database_errors import is_unavailable, reason_of

if TYPE_CHECKING:
    from jobs.executor import Executor

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.2  # how soon an idle worker sees new work by itself
HEARD_POLL_SECONDS = 2.0  # and how soon when it would be woken
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0  # seconds before a worker tries again whose database is away
CONNECTIONS_PER_THREAD = 2  # one for its chunk, one for its heartbeat
NICENESS = 10
PROCESS = "--process"  # the argument of worker.py


def run_worker(name: str, lane: Lane, machine: JobMachine, stop: threading.Event) -> None:
    """A worker process: run what is queued in a lane, wait for more, until `stop` is set. It survives the database's absence."""
    from jobs.executor import Executor  # noqa: PLC0415 — the parent of the workers runs none

    # Requests, served by other processes of this machine, go first: nobody waits for a single item of a job.
    os.nice(NICENESS)
    machine.kinds.prepare(lane)
    # What start-up made stays: without it, every full collection would walk through all of it again.
    gc.collect()
    gc.freeze()
    settings, options = machine.foundation.settings, machine.executor_options(lane)
    listener = WakeupListener(settings.redis_url, work_channel(lane))
    try:
        if lane is Lane.NETWORK:
            WorkerThreads(settings.network_threads, lambda: Executor(name, stop, options), stop).run(listener)
        else:
            _run_executor(Executor(name, stop, options), listener, stop)
    finally:
        listener.close()


def _run_executor(executor: Executor, listener: WakeupListener, stop: threading.Event) -> None:
    attempt = _Attempt(stop)
    try:
        while not stop.is_set():
            if attempt.make(executor.drain):
                listener.wait(stop, POLL_SECONDS, HEARD_POLL_SECONDS)
    finally:
        executor.close()


class WorkerThreads:
    """Runs an executor in each of several threads.

    The main thread wakes one idle thread at a time; one that has claimed something wakes the next, as there may be more.
    """

    def __init__(self, threads: int, new_executor: Callable[[], Executor], stop: threading.Event) -> None:
        """Each thread makes its own executor."""
        self._new_executor, self._stop = new_executor, stop
        self._woken = False  # whether an idle thread is to look for work
        self._changed = threading.Condition()
        self._crash: BaseException | None = None
        self._threads = [threading.Thread(target=self._work, name=f"executor-{number}") for number in range(1, threads + 1)]

    def run(self, listener: WakeupListener) -> None:
        """Go on until `stop` is set, and each thread has ended or given back what it has in hand. Raises what ended a thread."""
        for thread in self._threads:
            thread.start()
        while not self._stop.is_set():
            self._wake_one()
            listener.wait(self._stop, POLL_SECONDS, HEARD_POLL_SECONDS)
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        if self._crash is not None:
            raise RuntimeError("a worker thread crashed") from self._crash

    def _work(self) -> None:
        try:
            executor, attempt = self._new_executor(), _Attempt(self._stop)
            try:
                while self._wait():
                    while attempt.make(executor.run_chunk) and attempt.result:
                        self._wake_one()
                        if self._stop.is_set():
                            break
            finally:
                executor.close()
        except BaseException as error:
            # Its parent starts the process again, with all its threads.
            log.exception("worker thread crashed")
            self._crash = error
            self._stop.set()

    def _wake_one(self) -> None:
        with self._changed:
            self._woken = True
            self._changed.notify()

    def _wait(self) -> bool:
        """Wait to be woken; False when it is time to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._woken or self._stop.is_set())
            self._woken = False
        return not self._stop.is_set()


class _Attempt:
    """Attempts to run what is queued; while the database is away, the pauses between them grow."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop, self._pause = stop, FIRST_PAUSE
        self.result = 0

    def make(self, run: Callable[[], int]) -> bool:
        """Whether it went well, `result` being what `run` returned; if not, after a pause."""
        try:
            self.result = run()
        except SQLAlchemyError as error:
            if not is_unavailable(error):
                log.exception("worker failed, it tries again")
            else:
                log.warning("database not reachable, it tries again", reason=reason_of(error))
            self._stop.wait(self._pause)
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            return False
        self._pause = FIRST_PAUSE
        return True


class Supervisor:
    """`worker.py`: keeps the worker processes alive, frees at once what a dead one had claimed, and does the maintenance."""

    def __init__(self, machine: JobMachine, maintenance: Maintenance, stop: threading.Event, policy: SupervisionPolicy) -> None:
        self._policy = policy
        self._database, self._maintenance, self._stop = machine.foundation.database, maintenance, stop
        host = f"{os.uname().nodename}-{os.getpid()}"
        processes = machine.foundation.settings.worker_processes
        self._children = [self._child(Lane.CPU, f"{host}-{number}") for number in range(1, processes + 1)]
        if processes and Lane.NETWORK in machine.kinds.lanes:
            self._children.append(self._child(Lane.NETWORK, f"{host}-{Lane.NETWORK}"))

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

    def _child(self, lane: Lane, name: str) -> SupervisedProcess:
        command = [sys.executable, str(SCRIPT), PROCESS, lane]
        return SupervisedProcess(command, name, lambda life: _release(self._database, life), self._policy)

    def _maintain(self) -> None:
        while not self._stop.wait(CHECK_CHILDREN_SECONDS):
            self._maintenance.run_due()


def _release(database: Database, worker: str) -> None:
    try:
        release_worker(database, worker)
    except SQLAlchemyError as error:
        # Its lease expires by itself.
        log.warning("could not free what a dead worker had claimed", worker=worker, reason=reason_of(error))
