"""Fixed windows that count requests: in Redis for all instances, one round trip a request; else in the memory of this process.

A process counts on its own where no Redis is configured, and while Redis is away.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from cachetools import LRUCache

from infrastructure.redis_link import RedisAway, RedisLink

PREFIX = "bellwether:limit:"
MOST_WINDOWS = 20_000  # in the memory of a process: past it the least recently used give way, whoever makes up addresses
# Counts in each window in turn, up to the first that is exceeded; answers each one's count and the milliseconds that it has left.
# A count without an end would refuse for ever.
HIT = """
local answer = {}
for at, key in ipairs(KEYS) do
    local seconds, amount = tonumber(ARGV[2 * at - 1]), tonumber(ARGV[2 * at])
    local count = redis.call('INCR', key)
    local left = redis.call('PTTL', key)
    if left < 0 then
        left = seconds * 1000
        redis.call('PEXPIRE', key, left)
    end
    table.insert(answer, count)
    table.insert(answer, left)
    if count > amount then break end
end
return answer
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` requests in a window of `seconds`; `name` is the unit, as callers read it."""

    amount: int
    seconds: int
    name: str


class Count(NamedTuple):
    """The requests in a window so far, and the seconds until it ends."""

    requests: int
    seconds_left: float


class RateWindows:
    """Windows by key. A window begins with its first request. Thread-safe."""

    def __init__(self, link: RedisLink | None) -> None:
        self._link = link
        self._memory = MemoryWindows()
        self._script: Any = None

    @property
    def is_alone(self) -> bool:
        """Whether this process counts on its own although it should not."""
        return self._link is not None and self._link.is_quiet

    @property
    def is_shared(self) -> bool:
        """Whether all instances count together."""
        return self._link is not None and not self._link.is_quiet

    def hit(self, windows: Sequence[tuple[str, Limit]]) -> list[Count]:
        """Count one request in each window, up to the first whose limit it exceeds; their counts."""
        if self._link is not None:
            try:
                answer = self._link.call(partial(self._hit_in_redis, windows))
            except RedisAway:
                pass  # logged by the link
            else:
                return [Count(answer[at], answer[at + 1] / 1000) for at in range(0, len(answer), 2)]
        return self._memory.hit(windows)

    def _hit_in_redis(self, windows: Sequence[tuple[str, Limit]], client: Any) -> list[int]:
        if self._script is None:
            self._script = client.register_script(HIT)
        arguments = [number for _, limit in windows for number in (limit.seconds, limit.amount)]
        answer: list[int] = self._script([PREFIX + key for key, _ in windows], arguments, client)
        return answer


class MemoryWindows:
    """The windows of one process, at most so many. Thread-safe."""

    def __init__(self, most: int = MOST_WINDOWS) -> None:
        """Keep at most so many windows; those that have ended give way with the others."""
        self._windows: LRUCache[str, _Window] = LRUCache(most)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many windows there are."""
        with self._lock:
            return len(self._windows)

    def hit(self, windows: Sequence[tuple[str, Limit]]) -> list[Count]:
        """As RateWindows.hit."""
        counts = []
        with self._lock:
            for key, limit in windows:
                now = time.monotonic()
                window = self._windows.get(key)
                if window is None or window.ends_at <= now:
                    window = self._windows[key] = _Window(now + limit.seconds)
                window.requests += 1
                counts.append(Count(window.requests, window.ends_at - now))
                if window.requests > limit.amount:
                    break
        return counts


class _Window:
    __slots__ = ("ends_at", "requests")

    def __init__(self, ends_at: float) -> None:
        self.ends_at, self.requests = ends_at, 0
