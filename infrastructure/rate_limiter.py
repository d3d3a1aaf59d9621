"""Rate limits: each request counts in the minute of its budget and in the hour, which all budgets share."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import NamedTuple

from infrastructure.rate_windows import Limit, RateWindows
from infrastructure.redis_link import RedisLink


class Window(NamedTuple):
    """A window after a request was counted in it. `ends_at` is in seconds since the epoch."""

    limit: Limit
    remaining: int
    seconds_left: int
    ends_at: float


class Hit(NamedTuple):
    """The result of counting a request: the windows that it counted in, and the one whose limit it exceeds, if any."""

    windows: tuple[Window, ...]
    exceeded: Window | None


class Rates:
    """The limits of somebody's requests: of each budget a minute, and of all budgets an hour."""

    __slots__ = ("hour", "minutes")

    def __init__(self, per_minute: Mapping[str, int], per_hour: int, of: str = "") -> None:
        """`per_minute` has the limit of every budget; `of` is whose they are, if not the caller's own."""
        self.minutes = {budget: Limit(amount, 60, "minute", of) for budget, amount in per_minute.items()}
        self.hour = Limit(per_hour, 3600, "hour", of)


class Share(NamedTuple):
    """Whom a request counts for, and by which limits."""

    key: str
    rates: Rates


class RateLimiter:
    """Counts requests by whom they are for and by budget. Thread-safe."""

    def __init__(self, redis: RedisLink | None) -> None:
        """Without `redis`, and while it is away, this process counts on its own."""
        self._windows = RateWindows(redis)

    @property
    def is_alone(self) -> bool:
        """Whether this process counts on its own because Redis is away."""
        return self._windows.is_alone

    @property
    def counts_in_redis(self) -> bool:
        """Whether it counts in Redis while that is reachable."""
        return self._windows.counts_in_redis

    @property
    def is_shared(self) -> bool:
        """Whether all instances count together."""
        return self._windows.is_shared

    def hit(self, budget: str, *shares: Share) -> Hit:
        """Count a request for each share, in one round trip: in the minutes, then in the hours, up to the first that it exceeds.

        So a request that exceeds the caller's own minute, the first share, counts for nobody else.
        """
        wanted = [(f"{key}:{budget}:minute", rates.minutes[budget]) for key, rates in shares]
        wanted += [(f"{key}:hour", rates.hour) for key, rates in shares]
        counts = self._windows.hit(wanted)
        now = time.time()
        windows = tuple(
            [
                Window(limit, max(0, limit.amount - requests), max(1, math.ceil(seconds_left)), now + seconds_left)
                for (_, limit), (requests, seconds_left) in zip(wanted, counts, strict=False)
            ]
        )
        is_exceeded = counts[-1].requests > windows[-1].limit.amount
        return Hit(windows, windows[-1] if is_exceeded else None)

    def used(self, share: Share) -> dict[str, int]:
        """The requests of a share so far, by budget and as `hour`. Those that were refused in a minute are among its own."""
        names = list(share.rates.minutes)
        *minutes, hour = self._windows.counts([*(f"{share.key}:{name}:minute" for name in names), f"{share.key}:hour"])
        return {**dict(zip(names, minutes, strict=True)), "hour": hour}
