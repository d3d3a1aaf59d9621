"""A value from the database that a process reads every few seconds instead of at every request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from utils.database_errors import reason_of

log = structlog.get_logger(__name__)
Value = TypeVar("Value")


class PolledValue(Generic[Value]):
    """Reads a value at most every `seconds`, in one thread at a time.

    Other threads get the last value meanwhile, and all of them do while the database is away.
    """

    def __init__(self, name: str, read: Callable[[Value], Value], seconds: float, initial: Value) -> None:
        """`read` receives the last value and returns the next. `initial` is the value before the first read."""
        self._name, self._read, self._seconds = name, read, seconds
        self._value = initial
        self._due_at = 0.0
        self._lock = threading.Lock()

    def get(self) -> Value:
        """The value, at most `seconds` old unless the database is away."""
        if time.monotonic() >= self._due_at and self._lock.acquire(blocking=False):
            try:
                # Set before the read: while a database is slow to fail, one request in `seconds` waits for it, not each in turn.
                self._due_at = time.monotonic() + self._seconds
                self._value = self._read(self._value)
            except SQLAlchemyError as error:
                log.warning("not read again, the last value is used", value=self._name, reason=reason_of(error))
            finally:
                self._lock.release()
        return self._value

    def forget(self) -> None:
        """Read again at the next call."""
        self._due_at = 0.0
