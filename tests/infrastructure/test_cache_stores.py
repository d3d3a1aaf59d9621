"""The stores of the cache, and how one process learns what another cleared."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from kit.databases import Backend
from kit.redis_server import RedisServer
from kit.servers import wait_until

import database
from infrastructure import cache_store as cache_clearing
from infrastructure.cache import REDIS_PREFIX, SCAN_STEP, Cache, CacheLimits, MemoryStore, RedisStore
from infrastructure.metrics import Metrics
from infrastructure.redis_link import RedisLink
from models.cache import Region

ON_POSTGRES = pytest.mark.parametrize("engine", ["postgres"], indirect=True)
AN_HOUR = 3600.0
LARGE = 10_000_000
FOLLOWED_SOON = CacheLimits(LARGE, AN_HOUR, follow_seconds=0.05)
# Keys and prefixes with characters that are special in a Redis pattern.
ODD_KEYS = (
    "ab",
    "axb",
    "a*b",
    "a?b",
    "a[xy]b",
    "a[",
    "a]",
    "a^b",
    "a\\b",
    "a\\*b",
    "a-b",
    "*",
    "?",
    "\\",
    "é:b",
    "results:1",
    "results:12",
)
ODD_PREFIXES = ("", "a", "a*", "a?", "a[", "a[xy]", "a]", "a^", "a\\", "a\\*", "*", "?", "[", "\\", "é", "results:", "results:1", "none")


def patient_link(server: RedisServer) -> RedisLink:
    """A link with a long timeout, so that a busy machine does not look like an absent Redis."""
    return RedisLink(server.url, timeout=5.0)


# ---- the stores -------------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> Iterator[MemoryStore | RedisStore]:
    if request.param == "memory":
        yield MemoryStore(LARGE)
        return
    link = patient_link(request.getfixturevalue("redis_server"))
    yield RedisStore(link)
    link.close()


def test_what_is_put_comes_back_as_it_is(store: MemoryStore | RedisStore) -> None:
    values = {"empty": b"", "bytes": bytes(range(256)), "é \u2603": b"x", "large": b"y" * 1_000_000}
    for key, value in values.items():
        store.put(key, value, AN_HOUR)
    assert {key: store.get(key) for key in values} == values
    assert store.get("none") is None
    store.put("bytes", b"other", AN_HOUR)
    assert store.get("bytes") == b"other"
    assert (store.status().store, store.status().entries) == (store.name, 4)


def test_entries_end(store: MemoryStore | RedisStore) -> None:
    store.put("short", b"x", 0.05)
    store.put("long", b"x", AN_HOUR)
    wait_until(lambda: store.get("short") is None)
    assert [entry.key for entry in store.entries("", 10)] == ["long"]
    assert store.status().entries == 1


@pytest.mark.parametrize("prefix", ODD_PREFIXES)
def test_a_prefix_is_no_pattern(store: MemoryStore | RedisStore, prefix: str) -> None:
    for key in ODD_KEYS:
        store.put(key, b"x", AN_HOUR)
    meant = sorted(key for key in ODD_KEYS if key.startswith(prefix))
    assert [entry.key for entry in store.entries(prefix, 500)] == meant
    assert store.clear(prefix) == len(meant)
    assert [key for key in ODD_KEYS if store.get(key) is None] == [key for key in ODD_KEYS if key in meant]
    assert store.clear(prefix) == 0


def test_entries_are_listed_by_key_with_size_and_time(store: MemoryStore | RedisStore) -> None:
    for key in ("c", "a", "d", "b"):
        store.put(key, key.encode() * 3, AN_HOUR)
    listed = store.entries("", 3)
    assert [(entry.key, entry.bytes) for entry in listed] == [("a", 3), ("b", 3), ("c", 3)]
    assert all(AN_HOUR - 60 < entry.expires_in <= AN_HOUR for entry in listed)


def test_more_than_redis_scans_at_once(redis_server: RedisServer) -> None:
    link = patient_link(redis_server)
    store, many = RedisStore(link), 3 * SCAN_STEP
    redis_server.client.mset({f"{REDIS_PREFIX}a:{number}": b"x" for number in range(many)})
    foreign = {b"bellwether:limit:x": b"1", b"bellwether:cache": b"2", b"other": b"3"}
    redis_server.client.mset(foreign)
    store.put("b:1", b"x", AN_HOUR)
    assert store.clear("a:") == many
    assert store.clear("") == 1
    assert set(redis_server.client.keys("*")) == set(foreign)  # other programs may use the same Redis
    link.close()


def test_the_least_recently_used_go_first() -> None:
    store = MemoryStore(3 * 101)
    for key in "abc":
        store.put(key, b"x" * 100, AN_HOUR)
    assert store.get("a") is not None
    store.put("b", b"x" * 100, AN_HOUR)
    store.put("d", b"x" * 100, AN_HOUR)
    assert [key for key in "abcd" if store.get(key) is not None] == ["a", "b", "d"]
    store.put("large", b"x" * 200, AN_HOUR)
    assert [entry.key for entry in store.entries("", 9)] == ["large"]  # it needs the space of all others
    assert store.status().bytes == 205


def test_what_is_larger_than_everything_is_not_kept_and_nothing_old_in_its_place() -> None:
    store = MemoryStore(100)
    store.put("a", b"old", AN_HOUR)
    store.put("b", b"x", AN_HOUR)
    store.put("a", b"x" * 100, AN_HOUR)
    assert (store.get("a"), store.get("b"), store.status().bytes) == (None, b"x", 2)


def test_memory_is_bounded_and_accounted_for_under_threads() -> None:
    skipped, bound = [0.0], 50_000
    store = MemoryStore(bound, lambda: time.monotonic() + skipped[0])

    def use(seed: int) -> int:
        most = 0
        for number in range(1500):
            key = f"key:{(seed * 7 + number * 13) % 400}"
            store.put(key, b"x" * (number % 300), 0.001 if number % 5 == 0 else AN_HOUR)
            store.get(f"key:{number % 400}")
            if number % 100 == 0:
                store.clear(f"key:{number % 10}")
            most = max(most, store.status().bytes or 0)
        return most

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(use, range(8))) <= bound
    skipped[0] = 1.0  # seconds: the short-lived entries have ended
    for number in range(400):
        store.get(f"key:{number}")  # drops those that have ended
    entries = store.entries("", 10_000)
    assert store.status().bytes == sum(len(entry.key) + entry.bytes for entry in entries)
    store.clear("")
    assert (store.status().entries, store.status().bytes) == (0, 0)


# ---- clearing by others -----------------------------------------------------------------------------------------------------------------


def memory_of_its_own() -> Cache:
    return Cache(database.current(), FOLLOWED_SOON, None, Metrics())


def test_a_clearing_from_a_machine_whose_clock_is_behind_is_followed(backend: Backend) -> None:
    """Ids contain the clock of their machine: a new id of another machine may be older than the ids seen so far."""
    cache = memory_of_its_own()
    cache.clear("other:", "tests")  # the newest id
    for year in ("018f0000", "017f0000"):
        cache.put(Region.RESULTS, "a", b"x")
        assert cache.get(Region.RESULTS, "a") == b"x"  # the cache has looked for clearings
        with database.transaction() as connection:
            cache_clearing.insert(connection, f"{year}-0000-7000-8000-000000000000", "results:", datetime.now(UTC), "tests")
        wait_until(lambda: cache.get(Region.RESULTS, "a") is None)


def test_a_clearing_is_followed_once(backend: Backend) -> None:
    one, other = memory_of_its_own(), memory_of_its_own()
    other.put(Region.RESULTS, "old", b"x")
    one.clear("", "tests")
    wait_until(lambda: other.get(Region.RESULTS, "old") is None)
    other.put(Region.RESULTS, "new", b"x")
    with database.transaction() as connection:  # once this clearing is seen, the cache has looked again
        cache_clearing.insert(connection, "01ffffff-0000-7000-8000-000000000000", "analyses:", datetime.now(UTC), "tests")
    other.put(Region.ANALYSES, "sign", b"x")
    wait_until(lambda: other.get(Region.ANALYSES, "sign") is None)
    assert other.get(Region.RESULTS, "new") == b"x"


@ON_POSTGRES
def test_nobody_takes_back_from_redis_what_is_being_cleared(
    backend: Backend, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process learns of a clearing, empties its memory and gets a request at once: Redis must be empty by then."""
    links = [patient_link(redis_server) for _ in range(2)]
    one, other = (Cache(database.current(), FOLLOWED_SOON, link, Metrics()) for link in links)
    one.put(Region.RESULTS, "a", b"x")
    assert other.get(Region.RESULTS, "a") == b"x"
    clear, seen = RedisStore.clear, threading.Event()

    def clear_slowly(store: RedisStore, prefix: str) -> int:
        # The other process must not learn of the clearing before Redis is empty.
        for _ in range(20):
            other.get(Region.RESULTS, "a")
            seen.wait(0.01)
        return clear(store, prefix)

    monkeypatch.setattr(RedisStore, "clear", clear_slowly)
    one.clear("results:", "tests")
    wait_until(lambda: other.get(Region.RESULTS, "a") is None)
    for link in links:
        link.close()
