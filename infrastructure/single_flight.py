"""Single-flight: concurrent callers with the same key share one call. Thread-safe; nothing is cached after a call ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

Value = TypeVar("Value")


class _Flight(Future[Value]):
    """A call that runs, or will run, for `callers` callers."""

    callers = 1


class SingleFlight(Generic[Value]):
    """Concurrent callers join a running call, even if it started before they came: for data that does not change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Hashable, _Flight[Value]] = {}

    def do(self, key: Hashable, make: Callable[[], Value]) -> tuple[Value, bool]:
        """The value or exception of `make`, shared with concurrent callers; and whether another caller ran it."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is None:
                mine = self._flights[key] = _Flight()
            else:
                flight.callers += 1
        if flight is not None:
            return flight.result(), True
        return _fly(mine, make, lambda: self._land(key)), False

    def waiting(self, key: Hashable) -> int:
        """How many callers wait for a call of another caller."""
        with self._lock:
            flight = self._flights.get(key)
            return 0 if flight is None else flight.callers - 1

    def _land(self, key: Hashable) -> None:
        with self._lock:
            del self._flights[key]


class FreshFlight(Generic[Value]):
    """Concurrent callers share a call that starts after all of them came: for data that changes.

    Callers that come during a call share the next one, which starts when that call ends. So each key has one call at a time, and no caller
    gets data that was read before it came.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[Hashable, _Flight[Value]] = {}
        self._next: dict[Hashable, _Flight[Value]] = {}

    def do(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value or exception of a `make` that started after this caller came, run by this caller or by another."""
        with self._lock:
            shared, running = self._next.get(key), self._running.get(key)
            if shared is None:
                mine: _Flight[Value] = _Flight()
                (self._running if running is None else self._next)[key] = mine
            else:
                shared.callers += 1
        if shared is not None:
            return shared.result()

        def make_in_turn() -> Value:
            if running is not None:
                running.exception()  # only waits; the outcome is for the callers of that call
                with self._lock:
                    self._running[key] = self._next.pop(key)
            return make()

        return _fly(mine, make_in_turn, lambda: self._land(key, mine))

    def waiting(self, key: Hashable) -> int:
        """How many callers wait for a call of another caller, or for their turn."""
        with self._lock:
            callers = sum(flights[key].callers for flights in (self._running, self._next) if key in flights)
            return callers - 1 if key in self._running else callers

    def _land(self, key: Hashable, flight: _Flight[Value]) -> None:
        with self._lock:
            for flights in (self._running, self._next):
                if flights.get(key) is flight:
                    del flights[key]


def _fly(flight: Future[Value], make: Callable[[], Value], land: Callable[[], None]) -> Value:
    """Run `make`, and pass its value or exception to the callers that joined, after no more can join."""
    try:
        value = make()
    except BaseException as error:
        land()
        flight.set_exception(error)
        raise
    land()
    flight.set_result(value)
    return value
