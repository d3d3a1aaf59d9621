"""The local engine: worker processes on this machine, which `worker.py` keeps running.

The lane `cpu` has several processes (LOCAL_WORKERS). The lane `network` has one process with several threads, because they mostly wait.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from database import Database
from infrastructure.allocator import give_back_memory
from infrastructure.garbage import loading
from jobs.claims import release_worker
from jobs.machine import JobMachine
from jobs.maintenance import Maintenance
from jobs.presence import Presence, identity_of, remove_worker
from jobs.supervised_process import CHECK_CHILDREN_SECONDS, SCRIPT, SupervisedProcess, SupervisionPolicy
from jobs.wakeup import WakeupListener, work_channel
from models.job import Lane
from utils.database_errors import is_unavailable, reason_of

if TYPE_CHECKING:
    from jobs.executor import Executor

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.2  # between two checks for new work
SUBSCRIBED_POLL_SECONDS = 2.0  # likewise, while Redis delivers wake-ups
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0  # seconds between attempts after a database error
CONNECTIONS_PER_THREAD = 2  # one for its chunk, one for its heartbeat
NICENESS = 10
PROCESS = "--process"  # the argument of worker.py


def run_worker(name: str, lane: Lane, machine: JobMachine, stop: threading.Event) -> None:
    """Run a worker process: run queued items of a lane and wait for more, until `stop` is set. Continues after the database's errors."""
    from jobs.executor import Executor  # noqa: PLC0415 — the parent of the workers does not need it

    # Web processes on this machine have priority, because clients wait for their answers.
    os.nice(NICENESS)
    give_back_memory()
    with loading():
        machine.kinds.prepare(lane)
    settings, options = machine.foundation.settings, machine.executor_options(lane)
    presence = Presence(machine.foundation.database, identity_of(name, (lane,), settings.job_engine))
    listener = WakeupListener(settings.redis_url, work_channel(lane))
    try:
        with presence:
            if lane is Lane.NETWORK:
                WorkerThreads(settings.network_threads, lambda: Executor(name, stop, options), stop).run(listener)
            else:
                _run_executor(Executor(name, stop, options), listener, stop)
    finally:
        listener.close()
        machine.kinds.close()


def _run_executor(executor: Executor, listener: WakeupListener, stop: threading.Event) -> None:
    backoff = _Backoff(stop)
    try:
        while not stop.is_set():
            if backoff.attempt(executor.drain):
                listener.wait(stop, POLL_SECONDS, SUBSCRIBED_POLL_SECONDS)
    finally:
        executor.close()


class WorkerThreads:
    """Runs an executor in each of several threads.

    The main thread wakes one idle thread at a time. A thread that has run a chunk wakes the next one, because more work may be queued.
    """

    def __init__(self, threads: int, new_executor: Callable[[], Executor], stop: threading.Event) -> None:
        """`new_executor` is called once in each thread."""
        self._new_executor, self._stop = new_executor, stop
        self._wake_requested = False  # whether an idle thread is to check for work
        self._changed = threading.Condition()
        self._crash: BaseException | None = None
        self._threads = [threading.Thread(target=self._work, name=f"executor-{number}") for number in range(1, threads + 1)]

    def run(self, listener: WakeupListener) -> None:
        """Run until `stop` is set and all threads have ended. Raises RuntimeError when a thread crashed."""
        for thread in self._threads:
            thread.start()
        while not self._stop.is_set():
            self._wake_one()
            listener.wait(self._stop, POLL_SECONDS, SUBSCRIBED_POLL_SECONDS)
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        if self._crash is not None:
            raise RuntimeError("a worker thread crashed") from self._crash

    def _work(self) -> None:
        try:
            executor, backoff = self._new_executor(), _Backoff(self._stop)
            try:
                while self._wait():
                    while backoff.attempt(executor.run_chunk) and backoff.result:
                        self._wake_one()
                        if self._stop.is_set():
                            break
            finally:
                executor.close()
        except BaseException as error:
            # Ends the whole process; its parent starts it again.
            log.exception("worker thread crashed")
            self._crash = error
            self._stop.set()

    def _wake_one(self) -> None:
        with self._changed:
            self._wake_requested = True
            self._changed.notify()

    def _wait(self) -> bool:
        """Wait for a wake-up; return False when `stop` is set."""
        with self._changed:
            self._changed.wait_for(lambda: self._wake_requested or self._stop.is_set())
            self._wake_requested = False
        return not self._stop.is_set()


class _Backoff:
    """Runs a function in repeated attempts, with pauses after the database's errors that double up to LONGEST_PAUSE."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop, self._pause = stop, FIRST_PAUSE
        self.result = 0

    def attempt(self, run: Callable[[], int]) -> bool:
        """Call `run` and store its return value as `result`. After an error of the database, log it, pause and return False."""
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
    """The supervisor in `worker.py`: keeps the worker processes running, requeues the items of dead ones, and runs the maintenance."""

    def __init__(self, machine: JobMachine, maintenance: Maintenance, stop: threading.Event, policy: SupervisionPolicy) -> None:
        self._policy = policy
        self._database, self._maintenance, self._stop = machine.foundation.database, maintenance, stop
        host = f"{os.uname().nodename}-{os.getpid()}"
        processes = machine.foundation.settings.worker_processes
        self._children = [self._child(Lane.CPU, f"{host}-{number}") for number in range(1, processes + 1)]
        if processes and Lane.NETWORK in machine.kinds.lanes:
            self._children.append(self._child(Lane.NETWORK, f"{host}-{Lane.NETWORK}"))

    def run(self) -> None:
        """Run until `stop` is set; then stop the children and wait for them."""
        # In a thread of its own, because pruning or waiting for the database must not delay the check of the children.
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
        return SupervisedProcess(command, name, lambda worker: _release(self._database, worker), self._policy)

    def _maintain(self) -> None:
        while not self._stop.wait(CHECK_CHILDREN_SECONDS):
            self._maintenance.run_due()


def _release(database: Database, worker: str) -> None:
    try:
        release_worker(database, worker)
        remove_worker(database, worker)
    except SQLAlchemyError as error:
        # The items are requeued when the lease expires, and the worker is no longer live then.
        log.warning("items of a dead worker not requeued yet", worker=worker, reason=reason_of(error))
