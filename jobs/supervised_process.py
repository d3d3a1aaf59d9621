"""Child processes that are kept alive by their parent, and gone when it is gone.

A chain of parents and children: the web server keeps `worker.py`, `worker.py` keeps the workers. Each child holds one end of a pipe, its
standard input; when the parent ends, however it ends, the child reads the end of it and stops as if it had been asked to. This module is
loaded by gunicorn's master, and so loads next to nothing itself: what the master has loaded, a reload does not load again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from utils.ids import new_id

log = structlog.get_logger(__name__)

SCRIPT = Path(__file__).parent.parent / "worker.py"
CHECK_CHILDREN_SECONDS = 0.1
STOP_SECONDS = 20.0


@dataclass(frozen=True)
class SupervisionPolicy:
    """How a child is treated, in seconds: one that has died is started again after `first_pause`.

    If it died within `young_seconds`, the pause doubles each time up to `longest_pause`. One that has not stopped within `stop_seconds` is
    killed; its items go to others.
    """

    first_pause: float = 0.1
    longest_pause: float = 10.0
    young_seconds: float = 5.0
    stop_seconds: float = STOP_SECONDS


class SupervisedProcess:
    """A child process that is started again however often it dies."""

    def __init__(
        self,
        command: list[str],
        name: str,
        on_death: Callable[[str], None] = lambda name: None,
        policy: SupervisionPolicy | None = None,
    ) -> None:
        """`name` says whose child it is; each life gets a name of its own, the command's last argument, which `on_death` is told."""
        self._command, self._name, self._on_death = command, name, on_death
        self._policy = policy or SupervisionPolicy()
        self._process: subprocess.Popen[bytes] | None = None
        self._life = ""
        self._started_at = 0.0
        self._start_after = 0.0
        self._pause = self._policy.first_pause

    @property
    def pid(self) -> int | None:
        """The process id of the present life."""
        return None if self._process is None else self._process.pid

    def check(self) -> None:
        """Start it if it is not running; to be called again and again."""
        process = self._process
        if process is not None:
            status = process.poll()
            if status is None:
                return
            self._bury(status)
        if time.monotonic() >= self._start_after:
            self._start()

    def ask_to_stop(self) -> None:
        """Begin to stop it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> None:
        """Stop it and wait; kill it when that takes too long."""
        process = self._process
        if process is None:
            return
        self.ask_to_stop()
        try:
            process.wait(self._policy.stop_seconds)
        except subprocess.TimeoutExpired:
            log.error("child did not stop in time, killed", child=self._life)
            process.kill()
            process.wait()
        self._process = None
        self._close_pipe(process)
        self._on_death(self._life)

    def _start(self) -> None:
        self._life = f"{self._name}-{new_id()[-12:]}"
        self._started_at = time.monotonic()
        # In a group of its own: Ctrl-C in a terminal reaches the topmost process alone, which then stops its children in order.
        self._process = subprocess.Popen([*self._command, self._life], stdin=subprocess.PIPE, process_group=0)
        log.info("child started", child=self._life, child_pid=self._process.pid)

    def _bury(self, status: int) -> None:
        process, self._process = self._process, None
        assert process is not None
        self._close_pipe(process)
        policy, is_young = self._policy, time.monotonic() - self._started_at < self._policy.young_seconds
        self._pause = min(self._pause * 2, policy.longest_pause) if is_young else policy.first_pause
        self._start_after = time.monotonic() + self._pause
        log.warning("child ended, it is started again", child=self._life, status=status, pause=self._pause)
        self._on_death(self._life)

    @staticmethod
    def _close_pipe(process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            process.stdin.close()


def supervised_workers() -> SupervisedProcess:
    """`worker.py`, to be kept beside the web processes."""
    # Patient enough for it to end a child of its own that hangs.
    policy = SupervisionPolicy(stop_seconds=STOP_SECONDS + 10)
    return SupervisedProcess([sys.executable, str(SCRIPT)], "worker.py", policy=policy)


class SupervisedWorkers:
    """Keeps `worker.py` for as long as a `with` block lasts, in a thread of its own; does nothing unless `wanted`."""

    def __init__(self, wanted: bool) -> None:
        self._supervised = supervised_workers() if wanted else None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervise-workers", daemon=True)

    def __enter__(self) -> SupervisedWorkers:
        if self._supervised is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._supervised is not None:
            self._stop.set()
            self._thread.join()
            self._supervised.stop()

    def _run(self) -> None:
        assert self._supervised is not None
        while not self._stop.is_set():
            self._supervised.check()
            self._stop.wait(CHECK_CHILDREN_SECONDS)


def stop_on_signals_or_orphaned(stop: threading.Event, has_parent: bool) -> None:
    """Set `stop` on SIGTERM and SIGINT and, with a parent that holds the other end of standard input, when that parent is gone."""
    for number in (signal.SIGTERM, signal.SIGINT):
        # Not set by the handler itself, which may have interrupted somebody who holds the event's lock.
        signal.signal(number, lambda *_: threading.Thread(target=stop.set, daemon=True).start())
    if has_parent:
        threading.Thread(target=_wait_for_orphanhood, args=(stop,), name="orphanhood", daemon=True).start()


def _wait_for_orphanhood(stop: threading.Event) -> None:
    while os.read(0, 4096):
        pass  # nobody writes; only the end counts
    stop.set()
