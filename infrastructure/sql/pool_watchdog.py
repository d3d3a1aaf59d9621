"""Taking connections back from a server that has frozen.

Such a server neither answers nor refuses, and the driver waits for it without an end: every thread that asks would be lost. A connection
that has been in use for too long is cut below the driver, which then raises as if the server were gone.
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

LOOKS_PER_LIMIT = 10


class PoolWatchdog:
    """Watches the connections of one engine that are taken after it was started."""

    def __init__(self, engine: Callable[[], Engine], seconds: float) -> None:
        """`seconds` is how long a connection may be in use; `engine` is called at the start."""
        self._engine, self._seconds = engine, seconds
        self._in_use: dict[int, tuple[Any, float]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin to watch."""
        engine = self._engine()
        # Before the others that listen: one of them pings, and may hang in that.
        event.listen(engine, "checkout", self._taken, insert=True)
        event.listen(engine, "checkin", self._given_back)
        threading.Thread(target=self._run, name="pool-watchdog", daemon=True).start()

    def stop(self) -> None:
        """Watch no more."""
        self._stop.set()

    def _taken(self, connection: Any, record: Any, proxy: Any) -> None:
        with self._lock:
            self._in_use[id(record)] = (connection, time.monotonic())

    def _given_back(self, connection: Any, record: Any) -> None:
        with self._lock:
            self._in_use.pop(id(record), None)

    def _run(self) -> None:
        while not self._stop.wait(self._seconds / LOOKS_PER_LIMIT):
            # Under the lock: a connection that is given back meanwhile may be in somebody else's hands before it is cut.
            with self._lock:
                late = time.monotonic() - self._seconds
                for key, (connection, since) in list(self._in_use.items()):
                    if since < late:
                        del self._in_use[key]
                        _cut(connection, self._seconds)


def _cut(connection: Any, seconds: float) -> None:
    try:
        # A descriptor of its own: closing this object must not close the driver's.
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
    except Exception as error:  # noqa: BLE001 — the driver may have closed it this moment
        log.info("a connection in use for too long was gone already", reason=str(error))
        return
    log.warning("a connection in use for too long was cut", seconds=seconds)
