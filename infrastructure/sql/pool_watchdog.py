"""Cuts connections to a database server that hangs.

Such a server neither answers nor refuses, the driver waits without a timeout, and every thread that uses the database would hang. The
watchdog shuts down the socket of a connection that has been in use for too long; the driver then raises as if the server were gone.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Engine, event

log = structlog.get_logger(__name__)

CHECKS_PER_LIMIT = 10


class PoolWatchdog:
    """Watches the connections of one engine that are checked out after `start`."""

    def __init__(self, engine: Callable[[], Engine], seconds: float) -> None:
        """`seconds` is how long a connection may be in use; `start` calls `engine`."""
        self._engine, self._seconds = engine, seconds
        self._in_use: dict[int, tuple[Any, float]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def start(self) -> None:
        """Start watching."""
        engine = self._engine()
        # First of all listeners: one of the others pings, and the ping may hang.
        event.listen(engine, "checkout", self._checked_out, insert=True)
        event.listen(engine, "checkin", self._checked_in)
        threading.Thread(target=self._run, name="pool-watchdog", daemon=True).start()

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()

    def _checked_out(self, connection: Any, record: Any, proxy: Any) -> None:
        with self._lock:
            self._in_use[id(record)] = (connection, time.monotonic())

    def _checked_in(self, connection: Any, record: Any) -> None:
        with self._lock:
            self._in_use.pop(id(record), None)

    def _run(self) -> None:
        while not self._stop.wait(self._seconds / CHECKS_PER_LIMIT):
            # Under the lock: a connection returned in between may already be in use by another thread when it is cut.
            with self._lock:
                oldest = time.monotonic() - self._seconds
                for key, (connection, since) in list(self._in_use.items()):
                    if since < oldest:
                        del self._in_use[key]
                        _cut(connection, self._seconds)


def _cut(connection: Any, seconds: float) -> None:
    try:
        # A duplicate descriptor: closing this object must not close the driver's.
        with socket.socket(fileno=os.dup(connection.fileno())) as duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)
    except Exception as error:  # noqa: BLE001 — the driver may have closed it just now
        log.info("a connection in use for too long was gone already", reason=str(error))
        return
    log.warning("a connection in use for too long was cut", seconds=seconds)
