"""Windows of requests in the memory of a process and their limiter: exact with threads, and bounded under a flood of callers."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from kit.servers import wait_until

from infrastructure.rate_limiter import RateLimiter, Rates, Share
from infrastructure.rate_windows import Limit, MemoryWindows

HOUR = Limit(50, 3600, "hour")
SHORT = Limit(50, 1, "second")


def hit(windows: MemoryWindows, key: str, limit: Limit = HOUR) -> int:
    """Count a request; return the number of requests in its window."""
    (count,) = windows.hit([(key, limit)])
    return count.requests


def test_each_key_has_a_window_that_begins_with_its_first_request() -> None:
    windows = MemoryWindows()
    (first,) = windows.hit([("a", HOUR)])
    (second,) = windows.hit([("a", HOUR)])
    assert (first.requests, second.requests, hit(windows, "b")) == (1, 2, 1)
    assert 3599 < second.seconds_left <= first.seconds_left <= 3600


def test_a_window_that_has_ended_begins_anew() -> None:
    windows = MemoryWindows()
    for number in range(1, 101):
        hit(windows, "short", SHORT)
        assert hit(windows, "long") == number
    wait_until(lambda: hit(windows, "short", SHORT) == 1)
    assert hit(windows, "long") == 101


def test_a_request_counts_up_to_the_first_limit_that_it_exceeds() -> None:
    windows = MemoryWindows()
    two = [("minute", Limit(2, 60, "minute")), ("hour", HOUR)]
    assert [[count.requests for count in windows.hit(two)] for _ in range(4)] == [[1, 1], [2, 2], [3], [4]]


def test_under_a_flood_of_keys_the_size_stays_and_who_asks_on_is_not_forgotten() -> None:
    windows = MemoryWindows(max_windows=100)
    for number in range(5000):
        assert hit(windows, f"made up {number}") == 1
        if number % 50 == 0:
            assert hit(windows, "steady") == number // 50 + 1
        assert len(windows) <= 100


def test_threads_lose_no_count_and_gain_none() -> None:
    windows, barrier = MemoryWindows(), threading.Barrier(16)

    def ask(_: int) -> list[int]:
        barrier.wait()
        return [hit(windows, "key") for _ in range(250)]

    with ThreadPoolExecutor(16) as pool:
        counts = sorted(count for part in pool.map(ask, range(16)) for count in part)
    assert counts == list(range(1, 4001))


def test_no_thread_is_started() -> None:
    before, rates = threading.active_count(), Rates({"reads": 5}, 100)
    limiter = RateLimiter(None)
    for number in range(1000):
        limiter.hit("reads", Share(f"address:{number}", rates))
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("per_minute", "per_hour", "exceeded", "remaining"),
    [
        pytest.param(2, 10, ["minute"], [(1, 9), (0, 8), (0,), (0,)], id="the minute, whose refusals the hour does not count"),
        pytest.param(10, 2, ["hour"], [(9, 1), (8, 0), (7, 0), (6, 0)], id="the hour"),
        pytest.param(9, 9, [], [(8, 8), (7, 7), (6, 6), (5, 5)], id="none"),
    ],
)
def test_what_a_hit_says(per_minute: int, per_hour: int, exceeded: list[str], remaining: list[tuple[int, ...]]) -> None:
    limiter, rates = RateLimiter(None), Rates({"reads": per_minute, "bulk": 1}, per_hour)
    hits = [limiter.hit("reads", Share("key:1", rates)) for _ in range(4)]
    assert [tuple(window.remaining for window in hit.windows) for hit in hits] == remaining
    assert [hit.exceeded.limit.name for hit in hits if hit.exceeded] == exceeded * 2
    assert limiter.hit("reads", Share("key:2", rates)).exceeded is None
    assert not limiter.is_alone
    assert not limiter.is_shared
