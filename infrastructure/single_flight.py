"""Concurrent calls with the same key share one computation. Both classes are thread-safe and keep no finished result."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

Value = TypeVar("Value")


class _Flight(Future[Value]):
    """A computation that runs, or will run, for `callers` callers."""

    callers = 1


class SingleFlight(Generic[Value]):
    """Concurrent callers with the same key share one computation, also one that began before their call: for immutable values."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Hashable, _Flight[Value]] = {}

    def do(self, key: Hashable, compute: Callable[[], Value]) -> tuple[Value, bool]:
        """The result of `compute`, and whether another caller computed it. Raises what `compute` raises."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is None:
                own_flight = self._flights[key] = _Flight()
            else:
                flight.callers += 1
        if flight is not None:
            return flight.result(), True
        return _fly(own_flight, compute, lambda: self._land(key)), False

    def waiting(self, key: Hashable) -> int:
        """The number of callers that wait for another caller's computation."""
        with self._lock:
            flight = self._flights.get(key)
            return 0 if flight is None else flight.callers - 1

    def _land(self, key: Hashable) -> None:
        with self._lock:
            del self._flights[key]


class FreshFlight(Generic[Value]):
    """Concurrent callers with the same key share one computation that begins after each of their calls: for values that change.

    A caller that arrives during a computation waits for the next one, which begins when the running one ends. So a key has one
    computation at a time, and no caller receives a value that was read before its call.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[Hashable, _Flight[Value]] = {}
        self._next: dict[Hashable, _Flight[Value]] = {}

    def do(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """The result of `compute`, called after this call began, by this caller or by another. Raises what `compute` raises."""
        with self._lock:
            next_flight, running = self._next.get(key), self._running.get(key)
            if next_flight is None:
                own_flight: _Flight[Value] = _Flight()
                (self._running if running is None else self._next)[key] = own_flight
            else:
                next_flight.callers += 1
        if next_flight is not None:
            return next_flight.result()

        def compute_in_turn() -> Value:
            if running is not None:
                running.exception()  # waits for its end; its outcome belongs to its own callers
                with self._lock:
                    self._running[key] = self._next.pop(key)
            return compute()

        return _fly(own_flight, compute_in_turn, lambda: self._land(key, own_flight))

    def waiting(self, key: Hashable) -> int:
        """The number of callers that wait for another caller's computation or for their turn."""
        with self._lock:
            callers = sum(flights[key].callers for flights in (self._running, self._next) if key in flights)
            return callers - 1 if key in self._running else callers

    def _land(self, key: Hashable, flight: _Flight[Value]) -> None:
        with self._lock:
            for flights in (self._running, self._next):
                if flights.get(key) is flight:
                    del flights[key]


def _fly(flight: Future[Value], compute: Callable[[], Value], land: Callable[[], None]) -> Value:
    """Run `compute`, close the flight to further callers by `land`, then hand its outcome to the waiting callers."""
    try:
        value = compute()
    except BaseException as error:
        land()
        flight.set_exception(error)
        raise
    land()
    flight.set_result(value)
    return value
