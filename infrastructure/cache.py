"""A cache of what never changes, or only by its time: results by id, analyses by fingerprint, keys and sessions by digest.

Each process keeps what it looked up lately in its memory. Behind that, Redis shares entries between all, where it is configured and a
hit there is cheaper than the read that it saves, which it is beside Postgres and is not beside an SQLite file (docs/benchmarks.md).
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
Made = TypeVar("Made")

FOLLOW_SECONDS = 2.0
PROMOTED_SECONDS = 15.0  # how long a process keeps what it took from Redis
REDIS_PREFIX = "bellwether:cache:"
SCAN_STEP = 500
CLEARINGS_KEPT_FOR = timedelta(hours=1)  # every process has heard of them by then


@dataclass(frozen=True, slots=True)
class _Entry:
    value: bytes
    size: int
    ends_at: float


class MemoryStore:
    """The least recently used go first when there are too many bytes. Thread-safe."""

    name = "memory"

    def __init__(self, most_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most_bytes, self._clock = most_bytes, clock
        # Not TLRUCache: its heap of ends makes a put into a full cache some ten times as slow, and a hit five times.
        self._entries: LRUCache[str, _Entry] = LRUCache(most_bytes, getsizeof=lambda entry: entry.size)
        self._lock = threading.Lock()  # the library has none

    def get(self, key: str) -> bytes | None:
        """The value of an entry that has not expired."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if entry.ends_at <= self._clock():
                del self._entries[key]
                return None
            return entry.value

    def put(self, key: str, value: bytes, seconds: float) -> None:
        """Keep a value, unless it is larger than all that may be kept."""
        entry = _Entry(value, len(key) + len(value), self._clock() + seconds)
        with self._lock:
            if entry.size > self._most_bytes:
                self._entries.pop(key, None)
            else:
                self._entries[key] = entry

    def clear(self, prefix: str) -> int:
        """Drop entries."""
        with self._lock:
            keys = [key for key in self._entries if key.startswith(prefix)]
            for key in keys:
                del self._entries[key]
            return len(keys)

    def entries(self, prefix: str, limit: int) -> list[CacheEntry]:
        """Entries that have not expired, by key."""
        moment = self._clock()
        with self._lock:
            listed = [(key, entry) for key, entry in self._entries.items() if key.startswith(prefix) and entry.ends_at > moment]
        listed.sort(key=lambda pair: pair[0])
        return [CacheEntry(key, len(entry.value), round(entry.ends_at - moment, 1)) for key, entry in listed[:limit]]

    def status(self) -> CacheStatus:
        """How full it is."""
        with self._lock:
            return CacheStatus(self.name, len(self._entries), int(self._entries.currsize))


class RedisStore:
    """Entries that all instances share. Every method raises RedisAway."""

    name = "redis"

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    def get(self, key: str) -> bytes | None:
        """The value of an entry that has not expired."""
        found: bytes | None = self._link.call(lambda client: client.get(REDIS_PREFIX + key))
        return found

    def put(self, key: str, value: bytes, seconds: float) -> None:
        """Keep a value."""
        self._link.call(lambda client: client.set(REDIS_PREFIX + key, value, px=max(1, int(1000 * seconds))))

    def clear(self, prefix: str) -> int:
        """Drop entries, some at a time, so that Redis goes on answering others."""
        return sum(self._link.call(partial(_unlink, keys)) for keys in self._batches(prefix) if keys)

    def entries(self, prefix: str, limit: int) -> list[CacheEntry]:
        """Entries by key."""
        keys = sorted({key for batch in self._batches(prefix) for key in batch})[:limit]
        if not keys:
            return []

        def look(client: Any) -> list[int]:
            pipeline = client.pipeline(transaction=False)
            for key in keys:
                pipeline.strlen(key)
                pipeline.pttl(key)
            answers: list[int] = pipeline.execute()
            return answers

        answers = self._link.call(look)
        shown = [key.decode().removeprefix(REDIS_PREFIX) for key in keys]
        return [CacheEntry(key, answers[2 * at], round(answers[2 * at + 1] / 1000, 1)) for at, key in enumerate(shown)]

    def status(self) -> CacheStatus:
        """How many entries there are; their size is Redis's own matter."""
        return CacheStatus(self.name, sum(len(batch) for batch in self._batches("")), None)

    def _batches(self, prefix: str) -> Iterable[list[bytes]]:
        # What a person types must not be read as a pattern.
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
    found: tuple[int, list[bytes]] = client.scan(cursor, match=pattern, count=SCAN_STEP)
    return found


@dataclass(frozen=True)
class CacheLimits:
    """How much one process keeps in its memory, and for how long."""

    most_bytes: int
    seconds: float  # that an entry is kept
    follow_seconds: float = FOLLOW_SECONDS  # within which what another process cleared is dropped


class Cache:
    """Look up, else make and keep. Thread-safe; opens nothing before it is used."""

    def __init__(
        self,
        database: Database,
        limits: CacheLimits,
        link: RedisLink | None,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`link` where entries are to be shared between processes; `clock` tells when those in memory expire."""
        self._database = database
        self._memory = MemoryStore(limits.most_bytes, clock)
        self._shared = RedisStore(link) if link is not None else None
        self._seconds, self._metrics = limits.seconds, metrics
        self._flights: SingleFlight[object] = SingleFlight()
        self._clearings: PolledValue[frozenset[str]] = PolledValue("cache clearings", self._follow, limits.follow_seconds, frozenset())

    def get(self, region: Region, key: str) -> bytes | None:
        """An entry's value."""
        self._clearings.get()
        name = f"{region}:{key}"
        found = self._memory.get(name)
        if found is None and (shared := self._shared_by(region)) is not None:
            try:
                found = shared.get(name)
            except RedisAway:
                pass  # logged by the link
            else:
                if found is not None:
                    # It has lived a while over there: it is looked for there again soon.
                    self._memory.put(name, found, min(self._seconds, PROMOTED_SECONDS))
        self._metrics.lookup(region, "miss" if found is None else "hit")
        return found

    def put(self, region: Region, key: str, value: bytes, seconds: float | None = None) -> None:
        """Keep a value."""
        name, kept = f"{region}:{key}", self._seconds if seconds is None else seconds
        self._memory.put(name, value, kept)
        if (shared := self._shared_by(region)) is not None:
            with suppress(RedisAway):  # logged by the link
                shared.put(name, value, kept)

    def once(self, region: Region, key: str, make: Callable[[], Made]) -> Made:
        """What `make` returns, made once for all who ask for the same at the same time in this process."""
        made, is_shared = self._flights.do((region, key), make)
        if is_shared:
            self._metrics.lookup(region, "shared")
        return made  # type: ignore[return-value]

    def clear(self, prefix: str, cleared_by: str) -> int:
        """Drop what is shared and what this process holds, and tell the other processes; how many entries were dropped here."""
        cleared = 0
        # Redis first: whoever hears of it must not take back from there what is to be dropped.
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

    def entries(self, prefix: str, limit: int) -> list[CacheEntry]:
        """What is kept, by key: in this process, and in Redis where that is used."""
        found = {entry.key: entry for entry in self._memory.entries(prefix, limit)}
        if self._shared is not None:
            try:
                found |= {entry.key: entry for entry in self._shared.entries(prefix, limit)}
            except RedisAway:
                log.warning("shared entries not listed")
        return sorted(found.values(), key=lambda entry: entry.key)[:limit]

    def status(self) -> list[CacheStatus]:
        """How full each store is."""
        status = [self._memory.status()]
        if self._shared is not None:
            try:
                status.append(self._shared.status())
            except RedisAway:
                status.append(CacheStatus("redis (away)", 0, None))
        return status

    def _shared_by(self, region: Region) -> RedisStore | None:
        # They are looked up by every request, and one that has ended must be forgotten everywhere within seconds: never shared.
        return None if region in (Region.KEYS, Region.SESSIONS) else self._shared

    def _follow(self, seen: frozenset[str]) -> frozenset[str]:
        """Drop what was cleared since, by this process or another; the clearings that are kept now, which are those of an hour."""
        with self._database.reader() as connection:
            clearings = clearing_store.list_clearings(connection)
        # Not by the newest id: one from a machine whose clock is behind, or whose transaction took longer, is older than it.
        for clearing_id, prefix in clearings:
            if clearing_id not in seen:
                self._memory.clear(prefix)
        return frozenset(clearing_id for clearing_id, _ in clearings)


class NoCache(Cache):
    """Keeps nothing: for CACHE_ENABLED=false, and for those who have no use for one."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, CacheLimits(1, 1.0), None, Metrics())

    def get(self, region: Region, key: str) -> bytes | None:
        """Nothing."""
        return None

    def put(self, region: Region, key: str, value: bytes, seconds: float | None = None) -> None:
        """Do nothing."""

    def once(self, region: Region, key: str, make: Callable[[], Made]) -> Made:
        """What `make` returns."""
        return make()


def prune_clearings(database: Database) -> int:
    """Forget what caches were cleared of long ago; how many clearings that were."""
    with database.transaction() as connection:
        return clearing_store.delete_before(connection, now() - CLEARINGS_KEPT_FOR)
