"""A circuit breaker: what failed several times in a row is left alone for a while, so that callers hear of it at once.

The states, thresholds and their clock are pybreaker's. That library runs the guarded call under a lock, one at a time; here it is only told
what came of calls, which run side by side.
"""

from __future__ import annotations

import threading
import time
from typing import NoReturn, Protocol

import pybreaker
import structlog

log = structlog.get_logger(__name__)


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
    """Guards one dependency of this process. Thread-safe; while all is well, asking it costs two attribute look-ups."""

    def __init__(self, name: str, failures: int, seconds: float) -> None:
        """Opens after so many `failures` in a row (0: never) and lets one call try after `seconds`."""
        self.name = name
        self.observer: BreakerObserver | None = None
        self._failures_allowed, self._seconds = failures, seconds
        self._inner = pybreaker.CircuitBreaker(
            fail_max=max(failures, 1), reset_timeout=seconds, name=name, listeners=[_Listener(self)], throw_new_error_on_trip=False
        )
        self._lock = threading.Lock()
        self._next_try = 0.0

    @property
    def state(self) -> str:
        """`closed`, `open`, or `half-open` while one call tries."""
        return self._inner.current_state

    @property
    def failures(self) -> int:
        """How many calls failed in a row."""
        return self._inner.fail_counter

    @property
    def retry_after(self) -> float:
        """Seconds until the next call may try; 0 when it may now."""
        return 0.0 if self.state == pybreaker.STATE_CLOSED else max(0.0, self._next_try - time.monotonic())

    def check(self) -> None:
        """Let a call through, or raise BreakerOpen. After the pause one call tries; another, should that one never report."""
        if self._inner.current_state == pybreaker.STATE_CLOSED:
            return
        with self._lock:
            if self.state == pybreaker.STATE_CLOSED:
                return
            wait = self._next_try - time.monotonic()
            if wait <= 0:
                self._next_try = time.monotonic() + self._seconds
                self._inner.half_open()
                return
        if self.observer is not None:
            self.observer.breaker_refused(self.name)
        raise BreakerOpen(self.name, wait)

    def succeeded(self) -> None:
        """Note that a call went well."""
        if not self._inner.fail_counter and self._inner.current_state == pybreaker.STATE_CLOSED:
            return
        with self._lock:
            if self.state != pybreaker.STATE_OPEN:
                self._inner.call(_do_nothing)

    def failed(self, error: BaseException) -> None:
        """Note that a call found the dependency away."""
        with self._lock:
            if not self._failures_allowed or self.state == pybreaker.STATE_OPEN:
                return  # a call that began before it opened
            # Set before it opens: whoever sees it open must find the time.
            self._next_try = time.monotonic() + self._seconds
            try:
                self._inner.call(_fail, error)
            except type(error):
                pass  # handed in to be counted; its caller raises it

    def close(self) -> None:
        """Forget what failed: it has been seen to answer by somebody who went past the breaker."""
        with self._lock:
            if self._inner.fail_counter or self.state != pybreaker.STATE_CLOSED:
                self._inner.close()


class _Listener(pybreaker.CircuitBreakerListener):
    """Logs the moves and passes them on."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker

    def state_change(self, cb: pybreaker.CircuitBreaker, old_state: object, new_state: object) -> None:
        """Tell of a move; a try in between is still open to the callers."""
        before, after = getattr(old_state, "name", None), getattr(new_state, "name", None)
        is_open = after != pybreaker.STATE_CLOSED
        tell = log.warning if is_open else log.info
        tell("circuit breaker moved", breaker=self._breaker.name, before=before, now=after)
        # A try in between, and its failure, belong to the same outage.
        if self._breaker.observer is not None and pybreaker.STATE_CLOSED in (before, after):
            self._breaker.observer.breaker_moved(self._breaker.name, is_open)


def _do_nothing() -> None:
    pass


def _fail(error: BaseException) -> NoReturn:
    raise error
