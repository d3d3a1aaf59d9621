"""A value from the database that a process keeps for a moment, instead of reading it at every request."""

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
    """Reads at most every `seconds`, by one thread at a time; the others, and everybody while the database is away, get the last value."""

    def __init__(self, name: str, read: Callable[[Value], Value], seconds: float, initial: Value) -> None:
        """`read` is given the last value; `initial` is the value until it was read once."""
        self._name, self._read, self._seconds = name, read, seconds
        self._value = initial
        self._due_at = 0.0
        self._lock = threading.Lock()

    def get(self) -> Value:
        """The value, at most a few seconds old unless the database is away."""
        if time.monotonic() >= self._due_at and self._lock.acquire(blocking=False):
            try:
                # Put off before reading: a database that is slow to fail must not make every request wait in turn.
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
