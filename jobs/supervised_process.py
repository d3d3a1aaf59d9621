"""Supervision of child processes: a parent restarts its children when they die, and the children stop when the parent has ended.

The web server supervises `worker.py`, and `worker.py` supervises the workers. The standard input of a child is a pipe from its parent. When
the parent ends for any reason, the child reads the end of that file and stops as on SIGTERM. gunicorn's master imports this module, so it
imports as little as possible: a reload does not load modules again that the master has loaded.
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
    """When a child is restarted or killed; all values are in seconds.

    A child that has died is started again after `first_pause`. If it ran for less than `stable_seconds`, the pause doubles each time, up to
    `longest_pause`. A child that does not stop within `stop_seconds` is killed.
    """

    first_pause: float = 0.1
    longest_pause: float = 10.0
    stable_seconds: float = 5.0
    stop_seconds: float = STOP_SECONDS


class SupervisedProcess:
    """A child process that is started again whenever it dies."""

    def __init__(
        self,
        command: list[str],
        name: str,
        on_death: Callable[[str], None] = lambda name: None,
        policy: SupervisionPolicy | None = None,
    ) -> None:
        """Each run of the child has its own name, which begins with `name`. The command (as last argument) and `on_death` get it."""
        self._command, self._name, self._on_death = command, name, on_death
        self._policy = policy or SupervisionPolicy()
        self._process: subprocess.Popen[bytes] | None = None
        self._run_name = ""
        self._started_at = 0.0
        self._start_after = 0.0
        self._pause = self._policy.first_pause

    @property
    def pid(self) -> int | None:
        """The process id; None while there is no process."""
        return None if self._process is None else self._process.pid

    def check(self) -> None:
        """Start the child if it is not running. Call this periodically."""
        process = self._process
        if process is not None:
            status = process.poll()
            if status is None:
                return
            self._record_end(status)
        if time.monotonic() >= self._start_after:
            self._start()

    def note_end(self) -> None:
        """Keep the exit status of the child if it has ended, before somebody else reaps it."""
        if self._process is not None:
            self._process.poll()

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the child, without waiting for its end."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> None:
        """Stop the child and wait for its end; kill it after `stop_seconds`."""
        process = self._process
        if process is None:
            return
        self.ask_to_stop()
        try:
            process.wait(self._policy.stop_seconds)
        except subprocess.TimeoutExpired:
            log.error("child did not stop in time, killed", child=self._run_name)
            process.kill()
            process.wait()
        self._process = None
        self._close_pipe(process)
        self._on_death(self._run_name)

    def _start(self) -> None:
        self._run_name = f"{self._name}-{new_id()[-12:]}"
        self._started_at = time.monotonic()
        # In its own process group, so that Ctrl-C in a terminal reaches only the topmost process, which stops its children in order.
        self._process = subprocess.Popen([*self._command, self._run_name], stdin=subprocess.PIPE, process_group=0)
        log.info("child started", child=self._run_name, child_pid=self._process.pid)

    def _record_end(self, status: int) -> None:
        process, self._process = self._process, None
        assert process is not None
        self._close_pipe(process)
        policy, was_stable = self._policy, time.monotonic() - self._started_at >= self._policy.stable_seconds
        self._pause = policy.first_pause if was_stable else min(self._pause * 2, policy.longest_pause)
        self._start_after = time.monotonic() + self._pause
        log.warning("child ended, it is started again", child=self._run_name, status=status, pause=self._pause)
        self._on_death(self._run_name)

    @staticmethod
    def _close_pipe(process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            process.stdin.close()


def supervised_workers() -> SupervisedProcess:
    """`worker.py` as a child of the web server or of a Celery worker."""
    # Long enough for `worker.py` to kill a child of its own that hangs.
    policy = SupervisionPolicy(stop_seconds=STOP_SECONDS + 10)
    return SupervisedProcess([sys.executable, str(SCRIPT)], "worker.py", policy=policy)


class SupervisedWorkers:
    """Keeps `worker.py` running during a `with` block, by a thread of its own. Does nothing unless `is_enabled`."""

    def __init__(self, is_enabled: bool) -> None:
        self._supervised = supervised_workers() if is_enabled else None
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
    """Set `stop` on SIGTERM and SIGINT, and with `has_parent` also when standard input ends, because the parent has ended."""
    for number in (signal.SIGTERM, signal.SIGINT):
        # In a thread, because the handler may have interrupted code that holds the event's lock.
        signal.signal(number, lambda *_: threading.Thread(target=stop.set, daemon=True).start())
    if has_parent:
        threading.Thread(target=_stop_when_orphaned, args=(stop,), name="parent-watch", daemon=True).start()


def _stop_when_orphaned(stop: threading.Event) -> None:
    while os.read(0, 4096):
        pass  # the parent writes nothing: only the end of the file matters
    stop.set()
