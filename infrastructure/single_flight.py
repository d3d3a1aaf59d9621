"""The same work for many callers at once is done once. Both classes are thread-safe and remember nothing that has ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

Made = TypeVar("Made")


class _Flight(Future[Made]):
    """A call that is under way, or will be, for so many callers."""

    callers = 1


class SingleFlight(Generic[Made]):
    """Concurrent callers with the same key share one call, also one that began before they came: for what does not age."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Hashable, _Flight[Made]] = {}

    def do(self, key: Hashable, make: Callable[[], Made]) -> tuple[Made, bool]:
        """What `make` returns or raises, made once for all who ask meanwhile; and whether another made it."""
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
        """How many callers wait for what another one makes."""
        with self._lock:
            flight = self._flights.get(key)
            return 0 if flight is None else flight.callers - 1

    def _land(self, key: Hashable) -> None:
        with self._lock:
            del self._flights[key]


class FreshFlight(Generic[Made]):
    """Concurrent callers with the same key share one call that begins after each of them came: for what others change.

    Callers who come while a call runs wait for the next one, which begins when that one ends: so there is one call at a time for a key,
    and nobody is given what was read before they asked.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[Hashable, _Flight[Made]] = {}
        self._next: dict[Hashable, _Flight[Made]] = {}

    def do(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` returns or raises, called after this call began: by this caller, or by another who came after the same call began."""
        with self._lock:
            shared, running = self._next.get(key), self._running.get(key)
            if shared is None:
                mine: _Flight[Made] = _Flight()
                (self._running if running is None else self._next)[key] = mine
            else:
                shared.callers += 1
        if shared is not None:
            return shared.result()

        def make_in_turn() -> Made:
            if running is not None:
                running.exception()  # only waits: what became of it concerns those who waited for it
                with self._lock:
                    self._running[key] = self._next.pop(key)
            return make()

        return _fly(mine, make_in_turn, lambda: self._land(key, mine))

    def waiting(self, key: Hashable) -> int:
        """How many callers wait for what another one makes, or for their turn."""
        with self._lock:
            callers = sum(flights[key].callers for flights in (self._running, self._next) if key in flights)
            return callers - 1 if key in self._running else callers

    def _land(self, key: Hashable, flight: _Flight[Made]) -> None:
        with self._lock:
            for flights in (self._running, self._next):
                if flights.get(key) is flight:
                    del flights[key]


def _fly(flight: Future[Made], make: Callable[[], Made], land: Callable[[], None]) -> Made:
    """Tell all who wait for the flight what `make` returns or raises, once nobody can join it any more."""
    try:
        made = make()
    except BaseException as error:
        land()
        flight.set_exception(error)
        raise
    land()
    flight.set_result(made)
    return made
