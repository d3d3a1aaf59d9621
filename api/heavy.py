"""Heavy requests: reports, series, flips, exports and large price files. Few at once in a process, so that the others get through.

A request that finds no slot is refused at once, not queued: a thread that waits would be missing for small requests. A slot is held until
the answer has been written or its client has gone. One caller may not hold the last slot, so that no single key keeps them from the others.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Response, after_this_request

from api.rate_limit import Budget, budget, caller
from api.services import services
from config import Settings
from utils.api_utils import ApiError

View = TypeVar("View", bound=Callable[..., Any])
RETRY_AFTER = "1"  # seconds: most heavy requests take less


class HeavySlots:
    """Who holds the slots of this process. Thread-safe."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._holders: dict[object, str] = {}
        self._lock = threading.Lock()

    def take(self, holder: str) -> object | None:
        """Take a slot, to be given to `free`. None when all are taken, or all but the last by this holder."""
        with self._lock:
            own = sum(other == holder for other in self._holders.values())
            if len(self._holders) >= self._limit or own >= max(1, self._limit - 1):
                return None
            slot = object()
            self._holders[slot] = holder
            return slot

    def free(self, slot: object) -> None:
        """Give a slot back; nothing happens when it was given back already."""
        with self._lock:
            self._holders.pop(slot, None)

    @property
    def taken(self) -> int:
        """How many are held now."""
        return len(self._holders)


def heavy_slots(settings: Settings) -> HeavySlots:
    """The slots of a process: fewer than its threads, so that one is left for the others."""
    return HeavySlots(max(1, min(settings.heavy_requests_at_once, settings.web_threads - 1)))


def heavy_read(when: Callable[[], bool] = lambda: True) -> Callable[[View], View]:
    """Mark a route whose requests, or some of them, count in the budget of heavy reads and need a slot."""

    def mark(view: View) -> View:
        @wraps(view)
        def with_slot(*arguments: Any, **options: Any) -> Any:
            if when():
                hold_slot()
            return view(*arguments, **options)

        return budget(Budget.HEAVY_READS, when)(with_slot)  # type: ignore[return-value]

    return mark


def hold_slot() -> None:
    """Take a slot for the request at hand until its answer, whatever that is, has been written or its client has gone.

    Raises ApiError unavailable when there is none.
    """
    slots = services().heavy_slots
    slot = slots.take(caller())
    if slot is None:
        detail = f"This server makes as many reports, series and exports as it can at once. Try again in {RETRY_AFTER} s."
        raise ApiError(503, "unavailable", detail, headers={"Retry-After": RETRY_AFTER})

    @after_this_request
    def free_when_written(response: Response) -> Response:
        # Also of an error's answer: it is this hook that sees every answer, and it runs before any that could fail.
        response.call_on_close(lambda: slots.free(slot))
        return response
