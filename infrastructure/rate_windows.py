"""Where Flask-Limiter's windows are counted: in Redis, for all instances, with one round trip a hit; else in a table of this instance.

The library's own storages ask Redis three times for what one answer holds, and fall back to counts that each process keeps to itself.
"""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import Any

from limits.storage import Storage

from infrastructure.redis_link import RedisAway, RedisLink
from infrastructure.shared_counts import SharedCounts

SCHEME = "bellwether"
PREFIX = "bellwether:limit:"
# Counts, and answers the count and the milliseconds that the window has left. A count without an end would refuse for ever.
HIT = """
local count = redis.call('INCRBY', KEYS[1], ARGV[2])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
    left = tonumber(ARGV[1]) * 1000
    redis.call('PEXPIRE', KEYS[1], left)
end
return {count, left}
"""


class RateWindows(Storage):
    """Fixed windows. Hits remember what they learned, since their own thread asks for it next."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 — as the base class has it

    def __init__(self, uri: str = "", *, link: RedisLink | None, counts: SharedCounts, **_: Any) -> None:
        super().__init__(uri)
        self._link, self._counts = link, counts
        self._hit: Any = None
        self._learned = threading.local()

    @property
    def is_alone(self) -> bool:
        """Whether this instance counts on its own although it should not."""
        return self._link is not None and self._link.is_quiet

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong here: nothing that a caller could do something about."""
        return RedisAway

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` in a window of `expiry` seconds; the count."""
        count, ends = self._add(key, expiry, amount)
        seen = self._learned.__dict__
        seen.pop(key, None)
        seen[key] = (count, ends)
        while len(seen) > 8:  # only the windows of the request at hand, the newest, are asked for
            del seen[next(iter(seen))]
        return count

    def get(self, key: str) -> int:
        """A window's count, as this thread's last hit left it."""
        return self._state(key)[0]

    def get_expiry(self, key: str) -> float:
        """When a window ends, in seconds since the epoch."""
        return self._state(key)[1]

    def check(self) -> bool:
        """Always: there is somewhere to count."""
        return True

    def reset(self) -> int | None:
        """Forget what this instance counted on its own."""
        self._counts.reset()
        return None

    def clear(self, key: str) -> None:
        """Forget a window."""
        self._counts.clear(key)
        if self._link is not None:
            try:
                self._link.call(lambda client: client.delete(PREFIX + key))
            except RedisAway:
                return

    def _add(self, key: str, seconds: int, amount: int) -> tuple[int, float]:
        if self._link is not None:
            try:
                count, milliseconds_left = self._link.call(partial(self._add_in_redis, key, seconds, amount))
            except RedisAway:
                pass  # logged by the link
            else:
                return int(count), time.time() + milliseconds_left / 1000
        return self._counts.add(key, seconds, amount)

    def _add_in_redis(self, key: str, seconds: int, amount: int, client: Any) -> tuple[int, int]:
        if self._hit is None:
            self._hit = client.register_script(HIT)
        answer: tuple[int, int] = self._hit([PREFIX + key], [seconds, amount], client)
        return answer

    def _state(self, key: str) -> tuple[int, float]:
        learned: tuple[int, float] | None = self._learned.__dict__.get(key)
        return self._counts.get(key) if learned is None else learned
