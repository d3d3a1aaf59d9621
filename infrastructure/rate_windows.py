"""Fixed windows that count requests: in Redis, shared by all instances, with one round trip for each request.

Where no Redis is configured, and while it is away, each process counts in its own memory.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from infrastructure.redis_link import RedisAway, RedisLink

PREFIX = "bellwether:limit:"
MAX_WINDOWS = 20_000  # in the memory of a process: bounds what a client with many addresses can fill; the least recently used are evicted
# Counts in each window in turn, up to the first that is exceeded; returns the count and the remaining milliseconds of each.
# A key without an expiry gets one, because its count would refuse requests for ever.
HIT = """
local reply = {}
for at, key in ipairs(KEYS) do
    local seconds, amount = tonumber(ARGV[2 * at - 1]), tonumber(ARGV[2 * at])
    local count = redis.call('INCR', key)
    local left = redis.call('PTTL', key)
    if left < 0 then
        left = seconds * 1000
        redis.call('PEXPIRE', key, left)
    end
    table.insert(reply, count)
    table.insert(reply, left)
    if count > amount then break end
end
return reply
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` requests in a window of `seconds`; `name` is the unit in messages.

    `of` is whose it is, if not the caller's own: what several share.
    """

    amount: int
    seconds: int
    name: str
    of: str = ""

    @property
    def label(self) -> str:
        """The name in headers."""
        return f"{self.of}-{self.name}" if self.of else self.name


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
        """Whether this process counts on its own because Redis is away."""
        return self._link is not None and self._link.is_suspended

    @property
    def counts_in_redis(self) -> bool:
        """Whether it counts in Redis while that is reachable."""
        return self._link is not None

    @property
    def is_shared(self) -> bool:
        """Whether all instances count together."""
        return self._link is not None and not self._link.is_suspended

    def hit(self, windows: Sequence[tuple[str, Limit]]) -> list[Count]:
        """Count one request in each window, up to the first whose limit it exceeds; return their counts."""
        if self._link is not None:
            try:
                reply = self._link.call(partial(self._hit_in_redis, windows))
            except RedisAway:
                pass  # logged by the link
            else:
                return [Count(reply[at], reply[at + 1] / 1000) for at in range(0, len(reply), 2)]
        return self._memory.hit(windows)

    def counts(self, keys: Sequence[str]) -> list[int]:
        """The requests so far in windows, without counting one."""
        if self._link is not None:
            try:
                reply = self._link.call(lambda client: client.mget([PREFIX + key for key in keys]))
            except RedisAway:
                pass  # logged by the link
            else:
                return [int(count or 0) for count in reply]
        return self._memory.counts(keys)

    def _hit_in_redis(self, windows: Sequence[tuple[str, Limit]], client: Any) -> list[int]:
        if self._script is None:
            self._script = client.register_script(HIT)
        arguments = [number for _, limit in windows for number in (limit.seconds, limit.amount)]
        reply: list[int] = self._script([PREFIX + key for key, _ in windows], arguments, client)
        return reply


class MemoryWindows:
    """The windows of one process. Thread-safe."""

    def __init__(self, max_windows: int = MAX_WINDOWS) -> None:
        """Hold at most `max_windows`; the least recently used are evicted, ended or not."""
        self._max_windows = max_windows
        self._windows: OrderedDict[str, _Window] = OrderedDict()  # the least recently used first
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """The number of windows, ended ones included."""
        with self._lock:
            return len(self._windows)

    def counts(self, keys: Sequence[str]) -> list[int]:
        """The requests so far; see RateWindows.counts."""
        with self._lock:
            now = time.monotonic()
            found = [self._windows.get(key) for key in keys]
            return [0 if window is None or window.ends_at <= now else window.requests for window in found]

    def hit(self, windows: Sequence[tuple[str, Limit]]) -> list[Count]:
        """Count one request; see RateWindows.hit."""
        counts = []
        with self._lock:
            now = time.monotonic()
            for key, limit in windows:
                window = self._windows.get(key)
                if window is None or window.ends_at <= now:
                    window = self._windows[key] = _Window(now + limit.seconds)
                self._windows.move_to_end(key)
                window.requests += 1
                counts.append(Count(window.requests, min(window.ends_at - now, limit.seconds)))  # a sum of floats may be larger
                if window.requests > limit.amount:
                    break
            while len(self._windows) > self._max_windows:
                self._windows.popitem(last=False)
        return counts


class _Window:
    __slots__ = ("ends_at", "requests")

    def __init__(self, ends_at: float) -> None:
        self.ends_at, self.requests = ends_at, 0
