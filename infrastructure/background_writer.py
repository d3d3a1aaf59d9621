"""Writes what requests leave behind in a thread of its own, so that no request waits for it, and none fails with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from utils.database_errors import reason_of

log = structlog.get_logger(__name__)
Value = TypeVar("Value")

MOST_WAITING = 1000
RETRY_SECONDS = 5.0


class BackgroundWriter(Generic[Value]):
    """Collects values for `seconds`, then writes them together. Thread-safe.

    The thread begins with the first value and ends when none is left, so that an idle process has none. While the database is away the
    values wait, at most `most_waiting` of them: beyond that, the oldest are dropped.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[Sequence[Value]], object],
        seconds: float,
        retry_seconds: float = RETRY_SECONDS,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._name, self._write = name, write
        self._seconds, self._retry_seconds, self._most_waiting = seconds, retry_seconds, most_waiting
        self._lock = threading.Lock()
        self._waiting: list[Value] = []
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def add(self, value: Value) -> None:
        """Leave a value to be written; never raises and never waits for the database."""
        with self._lock:
            self._keep([*self._waiting, value])
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Write what waits, once, and take no more time for it than that."""
        self._closed.set()
        thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        pause = self._seconds
        while True:
            self._closed.wait(pause)
            with self._lock:
                values, self._waiting = self._waiting, []
                if not values:
                    self._thread = None
                    return
            pause = self._seconds
            try:
                self._write(values)
            except SQLAlchemyError as error:
                log.warning("not written yet", what=self._name, values=len(values), reason=reason_of(error))
                pause = self._retry_seconds
                with self._lock:
                    self._keep([*values, *self._waiting])
                    if self._closed.is_set():
                        self._thread = None
                        return
            except Exception:
                # The thread must live on: it serves every later value.
                log.exception("not written", what=self._name, values=len(values))

    def _keep(self, values: list[Value]) -> None:
        self._waiting = values[-self._most_waiting :]
