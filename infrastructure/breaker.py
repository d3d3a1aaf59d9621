"""A circuit breaker: after several failures in a row it opens, and calls fail at once instead of waiting for the dependency.

It does not run the guarded calls, which run concurrently: the caller calls `check` before a call and records its outcome afterwards.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half-open"


class BreakerObserver(Protocol):
    """Receives the events of breakers."""

    def breaker_changed(self, name: str, is_open: bool) -> None:
        """A breaker opened or closed."""

    def breaker_refused(self, name: str) -> None:
        """A breaker refused a call."""


class BreakerOpen(Exception):
    """The breaker is open. `retry_after` is in seconds."""

    def __init__(self, name: str, retry_after: float) -> None:
        super().__init__(f"The {name} failed several times in a row; it is tried again in {retry_after:.1f} s.")
        self.name, self.retry_after = name, retry_after


class Breaker:
    """Guards one dependency of this process. Thread-safe; while it is closed, `check` costs one attribute look-up.

    closed → open after `failures` in a row; open → half-open when the pause is over and one trial call goes through; half-open → closed
    when the trial call succeeds, → open when it fails.
    """

    def __init__(self, name: str, failures: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Opens after `failures` in a row (0: never); `seconds` later it lets one trial call through."""
        self.name = name
        self.observer: BreakerObserver | None = None
        self.seconds = seconds  # a new value applies from the next opening on
        self._failures_allowed, self._clock = failures, clock
        self._lock = threading.Lock()
        self._state, self._failures, self._next_try = CLOSED, 0, 0.0

    @property
    def state(self) -> str:
        """`closed`, `open`, or `half-open` during the trial call."""
        return self._state

    @property
    def failures(self) -> int:
        """The number of failures in a row."""
        return self._failures

    @property
    def retry_after(self) -> float:
        """Seconds until the next trial call; 0 when a call may go through now."""
        return 0.0 if self._state == CLOSED else max(0.0, self._next_try - self._clock())

    def check(self) -> None:
        """Let a call through, or raise BreakerOpen.

        After the pause one trial call goes through. If its outcome is never recorded, another one follows after the same pause.
        """
        if self._state == CLOSED:
            return
        with self._lock:
            if self.state == CLOSED:
                return
            wait = self._next_try - self._clock()
            if wait <= 0:
                self._next_try = self._clock() + self.seconds
                self._move(HALF_OPEN)
                return
        if self.observer is not None:
            self.observer.breaker_refused(self.name)
        raise BreakerOpen(self.name, wait)

    def record_success(self) -> None:
        """Record that a call succeeded. Ignored while open: the call began before the breaker opened."""
        if not self._failures and self._state == CLOSED:
            return
        with self._lock:
            if self._state != OPEN:
                self._failures = 0
                self._move(CLOSED)

    def record_failure(self, error: BaseException) -> None:
        """Record that a call could not reach the dependency. Ignored while open: the call began before the breaker opened."""
        with self._lock:
            if not self._failures_allowed or self._state == OPEN:
                return
            self._failures += 1
            if self._state == HALF_OPEN or self._failures >= self._failures_allowed:
                # Set before the state: other threads read both without the lock.
                self._next_try = self._clock() + self.seconds
                self._move(OPEN, reason=type(error).__name__)

    def close(self) -> None:
        """Close the breaker and reset its failures, because the dependency answered a call that bypassed the breaker."""
        with self._lock:
            self._failures = 0
            self._move(CLOSED)

    def _move(self, state: str, **fields: str) -> None:
        before, self._state = self._state, state
        if before == state:
            return
        write = log.info if state == CLOSED else log.warning
        write("circuit breaker changed", breaker=self.name, before=before, now=state, **fields)
        # A failed trial call belongs to the same outage.
        if self.observer is not None and CLOSED in (before, state):
            self.observer.breaker_changed(self.name, state != CLOSED)
