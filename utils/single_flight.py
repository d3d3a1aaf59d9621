"""One at a time for the same work: who asks for what somebody is making already waits for that and shares it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

Made = TypeVar("Made")


class SingleFlight(Generic[Made]):
    """Thread-safe; knows only what is being made at this moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Hashable, Future[Made]] = {}

    def do(self, key: Hashable, make: Callable[[], Made]) -> tuple[Made, bool]:
        """What `make` returns or raises, made once for all who ask meanwhile; and whether another made it."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is None:
                mine = self._flights[key] = Future()
        if flight is not None:
            return flight.result(), True
        try:
            made = make()
        except BaseException as error:
            self._land(key)
            mine.set_exception(error)
            raise
        self._land(key)
        mine.set_result(made)
        return made, False

    def _land(self, key: Hashable) -> None:
        with self._lock:
            del self._flights[key]
