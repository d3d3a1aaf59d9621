"""The calls that providers allow, counted over all processes and restarts before they are made.

Minutes and hours are counted as they slide: no 60 seconds, wherever they begin, have more calls than a minute allows. Days and months are
those of the provider's own zone, at whose midnight it counts anew.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from database import AnyReader, Database
from features.prices.store import budget as budget_store
from infrastructure.sql.database_clock import database_now
from models.job import Later, Rate
from models.provider import Allowance, ProviderError, ProviderFault, Window, WindowUse
from utils.clock import now

log = structlog.get_logger(__name__)

KEPT_FOR = timedelta(days=33)  # the longest month and a little
LEAST_CLOSED = 5.0  # seconds: some providers refuse with `Retry-After: 0`, and would be asked without a pause
_SLIDING = {Window.MINUTE: 60, Window.HOUR: 3_600}  # seconds
_LENGTHS = {**_SLIDING, Window.DAY: 86_400, Window.MONTH: 2_592_000}


class BudgetSpent(ProviderError):
    """The calls that are counted here are used up; the provider was not asked. `retry_after` is never None."""


class Budget:
    """The calls of one provider; a Meter."""

    def __init__(
        self, database: Database, provider: str, allowance: Allowance, clock: Callable[[Connection], datetime] = database_now
    ) -> None:
        self._database, self._provider, self._allowance, self._clock = database, provider, allowance, clock
        self._zone = ZoneInfo(allowance.zone)

    def reserve(self, calls: int) -> None:
        """Take these calls from each window, all or none. Raises ProviderError (EXHAUSTED), which says how long to wait."""
        with self._database.bookkeeping() as connection:
            budget_store.lock_budget(connection, self._provider)
            moment = self._clock(connection)
            full = [use for use in self._uses(connection, moment, calls) if use.free_at is not None]
            if not full:
                budget_store.add_calls(connection, self._provider, _second(moment), calls)
                return
        raise self._exhausted(max(full, key=lambda use: use.free_at or moment), moment, calls)

    def close(self, window: Window, seconds: float | None) -> None:
        """Note that the provider itself allows no more calls in this window: for as long as it says, or else until the window ends."""
        with self._database.bookkeeping() as connection:
            budget_store.lock_budget(connection, self._provider)
            moment = self._clock(connection)
            until = self._end_of(window, moment) if seconds is None else moment + timedelta(seconds=max(seconds, LEAST_CLOSED))
            budget_store.close_window(connection, self._provider, window, until)
        log.warning("provider closed", provider=self._provider, window=window.value, until=until.isoformat())

    @property
    def rates(self) -> tuple[Rate, ...]:
        """How many calls go in how many seconds, the longest window first."""
        calls = self._allowance.calls
        return tuple(Rate(calls[window], _LENGTHS[window]) for window in reversed(Window) if window in calls)

    def wait(self) -> float:
        """The seconds until a call can be made."""
        with self._database.read() as connection:
            moment = self._clock(connection)
            free = [use.free_at for use in self._uses(connection, moment, calls=1) if use.free_at is not None]
        return (max(free) - moment).total_seconds() if free else 0.0

    def forecast(self, calls: int) -> float:
        """The seconds until so many calls can have been made, if nobody else makes any."""
        with self._database.read() as connection:
            moment = self._clock(connection)
            uses = self._uses(connection, moment, calls=1)
        if not uses:
            return 0.0
        tightest = min(uses, key=lambda use: 0 if use.limit is None or use.free_at is not None else use.limit - use.calls)
        free = 0 if tightest.free_at is not None or tightest.limit is None else tightest.limit - tightest.calls
        if calls <= free:
            return 0.0
        wait = (tightest.free_at or self._end_of(tightest.window, moment)) - moment
        if tightest.free_at is None and tightest.window in _SLIDING:
            wait = timedelta(seconds=_SLIDING[tightest.window])
        return Later(wait.total_seconds(), self.rates).seconds_at(calls - free - 1)

    def uses(self) -> list[WindowUse]:
        """How much of each window is used, the shortest first."""
        with self._database.read() as connection:
            return self._uses(connection, self._clock(connection), calls=1)

    def _exhausted(self, use: WindowUse, moment: datetime, calls: int) -> BudgetSpent:
        wait = (use.free_at - moment).total_seconds() if use.free_at is not None else 0.0
        used = "is closed for" if use.limit is None else f"has used {use.calls:,} of {use.limit:,} calls of"
        needs = f", and this takes {calls}" if use.limit is not None and use.calls < use.limit else ""
        message = f"{self._provider} {used} this {use.window.value}{needs}; it goes on in {wait:.0f} s."
        return BudgetSpent(ProviderFault.EXHAUSTED, message, use.window, wait)

    def _uses(self, connection: AnyReader, moment: datetime, calls: int) -> list[WindowUse]:
        """The use of each window; `free_at` is when as many calls can be made, None where they can be now."""
        limits = self._allowance.calls
        begins = {window: self._begin_of(window, moment) for window in limits}
        made = budget_store.calls_since(connection, self._provider, min(begins.values())) if begins else []
        closed = budget_store.closed_windows(connection, self._provider, moment)
        uses = []
        for window in Window:
            if window not in limits and window not in closed:
                continue
            within = [(second, count) for second, count in made if second >= begins[window]] if window in begins else []
            used, limit = sum(count for _, count in within), limits.get(window)
            free_at = closed.get(window)
            if limit is not None and used + calls > limit:
                free_at = max(self._free_at(window, within, used + calls - limit, moment), free_at or moment)
            uses.append(WindowUse(window, limit, used, free_at))
        return uses

    def _begin_of(self, window: Window, moment: datetime) -> int:
        """The first second whose calls count in the window that has `moment`."""
        if window in _SLIDING:
            return _second(moment) - _SLIDING[window]  # a call of that second may be less than a window ago
        return _second(self._midnight(window, moment))

    def _free_at(self, window: Window, within: list[tuple[int, int]], surplus: int, moment: datetime) -> datetime:
        """When enough of the calls have left the window."""
        if window not in _SLIDING:
            return self._end_of(window, moment)
        for second, count in within:
            surplus -= count
            if surplus <= 0:
                return datetime.fromtimestamp(second + _SLIDING[window] + 1, UTC)
        return moment + timedelta(seconds=_SLIDING[window])  # more than the window allows at all

    def _end_of(self, window: Window, moment: datetime) -> datetime:
        if window is Window.MINUTE:
            return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        if window is Window.HOUR:
            return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        # A step into the next day or month, from its midnight: days have 23 to 25 hours.
        step = timedelta(hours=30) if window is Window.DAY else timedelta(days=32)
        return self._midnight(window, self._midnight(window, moment) + step)

    def _midnight(self, window: Window, moment: datetime) -> datetime:
        """The midnight at which the provider's day or month began, in UTC."""
        local = moment.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
        return (local.replace(day=1) if window is Window.MONTH else local).astimezone(UTC)


def prune_calls(database: Database, moment: datetime | None = None) -> int:
    """Forget calls that no window counts any more; return how many rows were deleted."""
    with database.transaction() as connection:
        return budget_store.delete_before(connection, _second((moment or now()) - KEPT_FOR))


def _second(moment: datetime) -> int:
    return int(moment.timestamp())
