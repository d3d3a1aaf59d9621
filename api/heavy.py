"""Limits heavy requests (reports, series, flips, exports, large price files) so that a process keeps threads for small ones.

A request without a free slot is refused at once, not queued, because a waiting thread could not serve small requests. A slot is held
until the answer has been written or its client has gone. A caller that holds all other slots cannot take the last one.
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
    """The slots of this process and their holders. Thread-safe."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._holders: dict[object, str] = {}
        self._lock = threading.Lock()

    def take(self, holder: str) -> object | None:
        """Take a slot; release it by `free`. None when all are taken, or all but one by this holder."""
        with self._lock:
            own_slots = sum(other == holder for other in self._holders.values())
            if len(self._holders) >= self._limit or own_slots >= max(1, self._limit - 1):
                return None
            slot = object()
            self._holders[slot] = holder
            return slot

    def free(self, slot: object) -> None:
        """Release a slot. Idempotent."""
        with self._lock:
            self._holders.pop(slot, None)

    @property
    def taken(self) -> int:
        """The number of slots that are taken."""
        return len(self._holders)


def heavy_slots(settings: Settings) -> HeavySlots:
    """The slots of a process: fewer than its threads, so that one thread is left for small requests."""
    return HeavySlots(max(1, min(settings.heavy_requests_at_once, settings.web_threads - 1)))


def heavy_read(when: Callable[[], bool] = lambda: True) -> Callable[[View], View]:
    """Mark a route: its requests for which `when()` is true need a slot and count in the budget of heavy reads."""

    def mark(view: View) -> View:
        @wraps(view)
        def with_slot(*arguments: Any, **options: Any) -> Any:
            if when():
                hold_slot()
            return view(*arguments, **options)

        return budget(Budget.HEAVY_READS, when)(with_slot)  # type: ignore[return-value]

    return mark


def hold_slot() -> None:
    """Take a slot for the current request, until its answer has been written or its client has gone.

    Raises ApiError unavailable when no slot is free.
    """
    slots = services().heavy_slots
    slot = slots.take(caller())
    if slot is None:
        detail = f"This server makes as many reports, series and exports as it can at once. Try again in {RETRY_AFTER} s."
        raise ApiError(503, "unavailable", detail, headers={"Retry-After": RETRY_AFTER})

    @after_this_request
    def free_when_written(response: Response) -> Response:
        # Errors pass this hook, too, and it runs before any hook that could fail.
        response.call_on_close(lambda: slots.free(slot))
        return response
