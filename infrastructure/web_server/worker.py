"""The gunicorn worker: a loop for all connections, and threads that run the application.

It corrects two faults of gunicorn's gthread worker. At a stop, gthread accepts no more connections and then closes its listeners, so the
kernel resets the connections in the backlog; this worker accepts and answers those first (`ConnectionLoop.stop`), and none arrive between
the last of them and the close (arrivals.py). And gthread gives each
new connection a thread, which a silent client holds; here only a complete request takes a thread.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, ClassVar

import structlog
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from infrastructure.web_server.answer import answer
from infrastructure.web_server.connection import Connection, Limits
from infrastructure.web_server.loop import ConnectionLoop

log = structlog.get_logger(__name__)

MOST_FILES = 4_096  # requested of the system; a connection needs one, or two with a large body
OTHER_FILES = 128  # for the database, logs and everything else


class BufferingWorker(Worker):
    """A worker process: the loop in the main thread, and the configured number of threads."""

    limits: ClassVar[Limits]

    def init_process(self) -> None:
        """Create the loop; gunicorn then loads the application and calls `run`."""
        self._requests: SimpleQueue[Connection | None] = SimpleQueue()
        most_connections = min(self.cfg.worker_connections, _raise_file_limit())
        self._loop = ConnectionLoop(self.cfg, self.limits, most_connections, self._requests.put)
        super().init_process()

    def load_wsgi(self) -> None:
        """Load the application. If it refuses its configuration, gunicorn stops instead of starting the worker again."""
        try:
            super().load_wsgi()
        except SystemExit as refusal:
            log.error("not started", reason=str(refusal.code))
            sys.exit(Arbiter.WORKER_BOOT_ERROR)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: stop gracefully."""
        self._end()

    def run(self) -> None:
        """Serve until asked to stop, then stop gracefully."""
        for number in range(self.cfg.threads):
            threading.Thread(target=self._serve, name=f"web-{number + 1}", daemon=True).start()
        self._loop.listen(self.sockets)
        while self.alive:
            if self.ppid != os.getppid():
                log.error("the master process is gone, this worker stops")
                signal.raise_signal(signal.SIGTERM)  # also ends open streams, which would use up the graceful timeout
            self.notify()
            self._loop.turn()
        self._loop.stop(self.sockets, self.cfg.graceful_timeout, self.notify)
        for _ in range(self.cfg.threads):
            self._requests.put(None)

    def count_request(self, response: Any) -> None:
        """Count a request; after `max_requests` the worker ends, and gunicorn starts another."""
        self.nr += 1
        if self.nr >= self.max_requests and self.alive:
            log.info("worker is replaced after its last request", requests=self.nr)
            self._end()
        if not self.alive or not self.cfg.keepalive:
            response.force_close()

    def _serve(self) -> None:
        while (connection := self._requests.get()) is not None:
            self._loop.calls.put(self._loop.served, connection, answer(self, connection))

    def _end(self) -> None:
        self.alive = False
        self._loop.calls.put(_nothing)


def worker_with(limits: Limits) -> type[BufferingWorker]:
    """The worker class for these limits: gunicorn instantiates workers itself, without arguments of ours."""
    return type("BufferingWorker", (BufferingWorker,), {"limits": limits})


def _raise_file_limit() -> int:
    """Raise the limit of open files, if allowed; return how many connections fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < MOST_FILES:
        soft = min(hard, MOST_FILES) if hard != resource.RLIM_INFINITY else MOST_FILES
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(16, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - OTHER_FILES) // 2)


def _nothing() -> None:
    """Wakes the loop."""
