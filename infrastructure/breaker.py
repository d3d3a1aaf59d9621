"""A circuit breaker: what failed several times in a row is left alone for a while, so that callers hear of it at once.

It does not run the guarded calls, which go on side by side: it is asked before a call and told the outcome.
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
    """Who is told what a breaker does."""

    def breaker_moved(self, name: str, is_open: bool) -> None:
        """It opened, or closed again."""

    def breaker_refused(self, name: str) -> None:
        """It refused a call."""


class BreakerOpen(Exception):
    """It failed several times in a row and is left alone for a while."""

    def __init__(self, name: str, retry_after: float) -> None:
        super().__init__(f"The {name} failed several times in a row; it is tried again in {retry_after:.1f} s.")
        self.name, self.retry_after = name, retry_after


class Breaker:
    """Guards one dependency of this process. Thread-safe; while all is well, asking it costs one attribute look-up.

    closed → open after so many failures in a row; open → half-open when the pause is over and one call tries; half-open → closed when
    that call succeeds, → open when it fails.
    """

    def __init__(self, name: str, failures: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Opens after so many `failures` in a row (0: never) and lets one call try after `seconds`."""
        self.name = name
        self.observer: BreakerObserver | None = None
        self.seconds = seconds  # from the next opening on
        self._failures_allowed, self._clock = failures, clock
        self._lock = threading.Lock()
        self._state, self._failures, self._next_try = CLOSED, 0, 0.0

    @property
    def state(self) -> str:
        """`closed`, `open`, or `half-open` while one call tries."""
        return self._state

    @property
    def failures(self) -> int:
        """How many calls failed in a row."""
        return self._failures

    @property
    def retry_after(self) -> float:
        """Seconds until the next call may try; 0 when it may now."""
        return 0.0 if self._state == CLOSED else max(0.0, self._next_try - self._clock())

    def check(self) -> None:
        """Let a call through, or raise BreakerOpen. After the pause one call tries; another, should that one never report."""
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

    def succeeded(self) -> None:
        """Note that a call went well. One that began before it opened says nothing about now."""
        if not self._failures and self._state == CLOSED:
            return
        with self._lock:
            if self._state != OPEN:
                self._failures = 0
                self._move(CLOSED)

    def failed(self, error: BaseException) -> None:
        """Note that a call found the dependency away. One that began before it opened says nothing about now."""
        with self._lock:
            if not self._failures_allowed or self._state == OPEN:
                return
            self._failures += 1
            if self._state == HALF_OPEN or self._failures >= self._failures_allowed:
                # Set before it opens: whoever sees it open must find the time.
                self._next_try = self._clock() + self.seconds
                self._move(OPEN, reason=type(error).__name__)

    def close(self) -> None:
        """Forget what failed: it has been seen to answer by somebody who went past the breaker."""
        with self._lock:
            self._failures = 0
            self._move(CLOSED)

    def _move(self, state: str, **more: str) -> None:
        before, self._state = self._state, state
        if before == state:
            return
        tell = log.info if state == CLOSED else log.warning
        tell("circuit breaker moved", breaker=self.name, before=before, now=state, **more)
        # A try in between, and its failure, belong to the same outage.
        if self.observer is not None and CLOSED in (before, state):
            self.observer.breaker_moved(self.name, state != CLOSED)
