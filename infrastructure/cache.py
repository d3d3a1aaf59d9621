"""A cache of immutable values and of values that expire: results by id, analyses by fingerprint, keys and sessions by digest, listings.

The first level is the memory of each process. The second level is Redis, shared by all processes, where it is configured and a hit
is cheaper than the read that it saves: with Postgres it is, with an SQLite file it is not (docs/benchmarks.md).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from cachetools import LRUCache

from database import Database
from infrastructure import cache_store as clearing_store
from infrastructure.metrics import Metrics
from infrastructure.polling import PolledValue
from infrastructure.redis_link import RedisAway, RedisLink
from infrastructure.single_flight import SingleFlight
from models.cache import CacheEntry, CacheStatus, Region
from utils.clock import now
from utils.ids import new_id

log = structlog.get_logger(__name__)
Value = TypeVar("Value")

FOLLOW_SECONDS = 2.0
PROMOTED_SECONDS = 15.0  # how long a process keeps an entry that it copied from Redis
REDIS_PREFIX = "bellwether:cache:"
SCAN_STEP = 500
CLEARINGS_KEPT_FOR = timedelta(hours=1)  # every process has read them by then


@dataclass(frozen=True, slots=True)
class _Entry:
    value: bytes
    size: int
    expires_at: float


class MemoryStore:
    """Entries in the memory of this process, at most `max_bytes`; the least recently used are evicted first. Thread-safe."""

    name = "memory"

    def __init__(self, max_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes, self._clock = max_bytes, clock
        # Not TLRUCache: its heap of expiry times makes a put into a full cache some ten times as slow, and a hit five times.
        self._entries: LRUCache[str, _Entry] = LRUCache(max_bytes, getsizeof=lambda entry: entry.size)
        self._lock = threading.Lock()  # LRUCache is not thread-safe

    def get(self, key: str) -> bytes | None:
        """The value of an unexpired entry, else None."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if entry.expires_at <= self._clock():
                del self._entries[key]
                return None
            return entry.value

    def put(self, key: str, value: bytes, seconds: float) -> None:
        """Store a value, unless it is larger than the whole store."""
        entry = _Entry(value, len(key) + len(value), self._clock() + seconds)
        with self._lock:
            if entry.size > self._max_bytes:
                self._entries.pop(key, None)
            else:
                self._entries[key] = entry

    def clear(self, prefix: str) -> int:
        """Drop the entries whose keys begin with `prefix`; return their number."""
        with self._lock:
            keys = [key for key in self._entries if key.startswith(prefix)]
            for key in keys:
                del self._entries[key]
            return len(keys)

    def entries(self, prefix: str, limit: int) -> list[CacheEntry]:
        """The unexpired entries, by key."""
        time_now = self._clock()
        with self._lock:
            items = [(key, entry) for key, entry in self._entries.items() if key.startswith(prefix) and entry.expires_at > time_now]
        items.sort(key=lambda item: item[0])
        return [CacheEntry(key, len(entry.value), round(entry.expires_at - time_now, 1)) for key, entry in items[:limit]]

    def status(self) -> CacheStatus:
        """The number of entries and their size."""
        with self._lock:
            return CacheStatus(self.name, len(self._entries), int(self._entries.currsize))


class RedisStore:
    """Entries in Redis, shared by all instances. Every method raises RedisAway."""

    name = "redis"

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    def get(self, key: str) -> bytes | None:
        """The value of an unexpired entry, else None."""
        value: bytes | None = self._link.call(lambda client: client.get(REDIS_PREFIX + key))
        return value

    def put(self, key: str, value: bytes, seconds: float) -> None:
        """Store a value."""
        self._link.call(lambda client: client.set(REDIS_PREFIX + key, value, px=max(1, int(1000 * seconds))))

    def clear(self, prefix: str) -> int:
        """Drop the entries whose keys begin with `prefix`, in batches so as not to block Redis; return their number."""
        return sum(self._link.call(partial(_unlink, keys)) for keys in self._batches(prefix) if keys)

    def entries(self, prefix: str, limit: int) -> list[CacheEntry]:
        """Entries by key."""
        keys = sorted({key for batch in self._batches(prefix) for key in batch})[:limit]
        if not keys:
            return []

        def read_sizes_and_ttls(client: Any) -> list[int]:
            pipeline = client.pipeline(transaction=False)
            for key in keys:
                pipeline.strlen(key)
                pipeline.pttl(key)
            replies: list[int] = pipeline.execute()
            return replies

        replies = self._link.call(read_sizes_and_ttls)
        names = [key.decode().removeprefix(REDIS_PREFIX) for key in keys]
        sizes, milliseconds = replies[::2], replies[1::2]
        return [CacheEntry(name, size, round(ttl / 1000, 1)) for name, size, ttl in zip(names, sizes, milliseconds, strict=True)]

    def status(self) -> CacheStatus:
        """The number of entries. Their size is not known: Redis has no cheap way to tell it."""
        return CacheStatus(self.name, sum(len(batch) for batch in self._batches("")), None)

    def _batches(self, prefix: str) -> Iterable[list[bytes]]:
        # Escaped, because SCAN reads its argument as a glob pattern.
        pattern = REDIS_PREFIX + re.sub(r"([*?\[\]\\^])", r"\\\1", prefix) + "*"
        cursor = 0
        while True:
            cursor, keys = self._link.call(partial(_scan, cursor, pattern))
            yield keys
            if cursor == 0:
                return


def _unlink(keys: list[bytes], client: Any) -> int:
    count: int = client.unlink(*keys)
    return count


def _scan(cursor: int, pattern: str, client: Any) -> tuple[int, list[bytes]]:
    reply: tuple[int, list[bytes]] = client.scan(cursor, match=pattern, count=SCAN_STEP)
    return reply


@dataclass(frozen=True)
class CacheLimits:
    """The size of one process's memory store, and the times of its entries."""

    max_bytes: int
    seconds: float  # lifetime of an entry
    follow_seconds: float = FOLLOW_SECONDS  # within which a process drops the entries that another one cleared


class Cache:
    """A cache of two levels. Thread-safe; opens no connection before its first use."""

    def __init__(
        self,
        database: Database,
        limits: CacheLimits,
        link: RedisLink | None,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """With a `link`, processes share entries in Redis. Entries in memory expire by `clock`."""
        self._database = database
        self._memory = MemoryStore(limits.max_bytes, clock)
        self._shared = RedisStore(link) if link is not None else None
        self._seconds, self._metrics = limits.seconds, metrics
        self._flights: SingleFlight[object] = SingleFlight()
        self._clearings: PolledValue[frozenset[str]] = PolledValue(
            "cache clearings", self._apply_clearings, limits.follow_seconds, frozenset()
        )

    def get(self, region: Region, key: str) -> bytes | None:
        """The value of an unexpired entry, else None."""
        self._clearings.get()
        name = f"{region}:{key}"
        value = self._memory.get(name)
        if value is None and (shared := self._shared_store(region)) is not None:
            try:
                value = shared.get(name)
            except RedisAway:
                pass  # logged by the link
            else:
                if value is not None:
                    # Part of its lifetime is over: the copy expires soon, and Redis decides again.
                    self._memory.put(name, value, min(self._seconds, PROMOTED_SECONDS))
        self._metrics.lookup(region, "miss" if value is None else "hit")
        return value

    def put(self, region: Region, key: str, value: bytes, seconds: float | None = None) -> None:
        """Store a value for `seconds`, by default for CACHE_SECONDS."""
        name, lifetime = f"{region}:{key}", self._seconds if seconds is None else seconds
        self._memory.put(name, value, lifetime)
        if (shared := self._shared_store(region)) is not None:
            with suppress(RedisAway):  # logged by the link
                shared.put(name, value, lifetime)

    def once(self, region: Region, key: str, compute: Callable[[], Value]) -> Value:
        """The result of `compute`. Concurrent callers in this process with the same key share one computation. Stores nothing."""
        value, is_shared = self._flights.do((region, key), compute)
        if is_shared:
            self._metrics.lookup(region, "shared")
        return value  # type: ignore[return-value]

    def clear(self, prefix: str, cleared_by: str) -> int:
        """Drop entries from Redis and from the memory of every process; return how many Redis and this process dropped."""
        cleared = 0
        # Redis first: a process that reads the clearing must not copy a dropped entry back from there.
        if self._shared is not None:
            try:
                cleared = self._shared.clear(prefix)
            except RedisAway:
                log.warning("shared entries not cleared, they expire by themselves", prefix=prefix)
        with self._database.transaction() as connection:
            clearing_store.insert(connection, new_id(), prefix, now(), cleared_by)
        cleared += self._memory.clear(prefix)
        log.warning("cache cleared", prefix=prefix, entries=cleared, cleared_by=cleared_by)
        return cleared

    def forget(self, region: Region) -> None:
        """Drop the entries of a region from the memory of this process alone."""
        self._memory.clear(f"{region}:")

    def entries(self, prefix: str, limit: int) -> list[CacheEntry]:
        """The entries of this process and of Redis, by key."""
        entries = {entry.key: entry for entry in self._memory.entries(prefix, limit)}
        if self._shared is not None:
            try:
                entries |= {entry.key: entry for entry in self._shared.entries(prefix, limit)}
            except RedisAway:
                log.warning("shared entries not listed")
        return sorted(entries.values(), key=lambda entry: entry.key)[:limit]

    def status(self) -> list[CacheStatus]:
        """The number and size of the entries of each store."""
        status = [self._memory.status()]
        if self._shared is not None:
            try:
                status.append(self._shared.status())
            except RedisAway:
                status.append(CacheStatus("redis (away)", 0, None))
        return status

    def _shared_store(self, region: Region) -> RedisStore | None:
        # API keys and sessions are never shared: a revoked one must be dropped everywhere within seconds.
        return None if region in (Region.KEYS, Region.SESSIONS) else self._shared

    def _apply_clearings(self, applied: frozenset[str]) -> frozenset[str]:
        """Drop the entries of clearings that are not in `applied`; return the ids of the stored clearings, which are those of an hour."""
        with self._database.reader() as connection:
            clearings = clearing_store.list_clearings(connection)
        # Compared by set, not by newest id: a machine with a slow clock or a long transaction adds ids that are older than the newest.
        for clearing_id, prefix in clearings:
            if clearing_id not in applied:
                self._memory.clear(prefix)
        return frozenset(clearing_id for clearing_id, _ in clearings)


class NoCache(Cache):
    """A cache that stores nothing: for CACHE_ENABLED=false, and for commands that read each value once."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, CacheLimits(1, 1.0), None, Metrics())

    def get(self, region: Region, key: str) -> bytes | None:
        """Return None."""
        return None

    def put(self, region: Region, key: str, value: bytes, seconds: float | None = None) -> None:
        """Do nothing."""

    def once(self, region: Region, key: str, compute: Callable[[], Value]) -> Value:
        """The result of `compute`."""
        return compute()


def prune_clearings(database: Database) -> int:
    """Delete the clearings that every process has applied; return their number."""
    with database.transaction() as connection:
        return clearing_store.delete_before(connection, now() - CLEARINGS_KEPT_FOR)
