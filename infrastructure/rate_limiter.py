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


class RateLimiter:
    """Counts requests by caller and budget. Thread-safe."""

    def __init__(self, per_minute: Mapping[str, int], per_hour: int, redis: RedisLink | None) -> None:
        """`per_minute` has the limit of every budget. Without `redis`, and while it is away, this process counts on its own."""
        self._minutes = {budget: Limit(amount, 60, "minute") for budget, amount in per_minute.items()}
        self._hour = Limit(per_hour, 3600, "hour")
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

    def hit(self, caller: str, budget: str) -> Hit:
        """Count a request. A request that exceeds its minute does not count in the hour."""
        limits = (self._minutes[budget], self._hour)
        counts = self._windows.hit(((f"{caller}:{budget}:minute", limits[0]), (f"{caller}:hour", limits[1])))
        now = time.time()
        windows = tuple(
            [
                Window(limit, max(0, limit.amount - requests), max(1, math.ceil(seconds_left)), now + seconds_left)
                for limit, (requests, seconds_left) in zip(limits, counts, strict=False)
            ]
        )
        is_exceeded = counts[-1].requests > windows[-1].limit.amount
        return Hit(windows, windows[-1] if is_exceeded else None)
