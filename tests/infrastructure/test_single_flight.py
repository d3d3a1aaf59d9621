"""Concurrent requests for the same work share one run; a fresh flight never answers with a read that began before the request."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
from kit.servers import wait_until

from infrastructure.single_flight import FreshFlight, SingleFlight

THREADS = 16


class Work:
    """Work that lasts until `may_end` is set and counts its starts."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.begun, self.may_end = 0, threading.Event()
        self._error = error

    def __call__(self) -> object:
        self.begun += 1
        assert self.may_end.wait(60)
        if self._error is not None:
            raise self._error
        return object()


class Key:
    """A key that a test can reference weakly."""


def test_all_who_ask_meanwhile_get_the_same() -> None:
    flights: SingleFlight[object] = SingleFlight()
    work = Work()
    with ThreadPoolExecutor(THREADS) as pool:
        futures = [pool.submit(flights.do, "key", work) for _ in range(THREADS)]
        wait_until(lambda: flights.waiting("key") == THREADS - 1)
        work.may_end.set()
        answers = [future.result(60) for future in futures]
    assert work.begun == 1
    assert len({id(value) for value, _ in answers}) == 1
    assert sorted(is_shared for _, is_shared in answers) == [False] + [True] * (THREADS - 1)


@pytest.mark.parametrize("error", [ValueError("why"), KeyboardInterrupt("why")], ids=["an error", "an interruption"])
def test_all_hear_of_the_same_failure_and_the_next_tries_again(error: BaseException) -> None:
    flights: SingleFlight[object] = SingleFlight()
    work = Work(error)

    def ask() -> BaseException | None:
        try:
            flights.do("key", work)
        except BaseException as raised:  # noqa: BLE001 — the test compares it
            return raised
        return None

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(ask) for _ in range(4)]
        wait_until(lambda: flights.waiting("key") == 3)
        work.may_end.set()
        assert [future.result(60) for future in futures] == [error] * 4
    assert work.begun == 1
    assert flights.do("key", lambda: "made") == ("made", False)


def test_different_work_does_not_wait() -> None:
    flights: SingleFlight[object] = SingleFlight()
    slow = Work()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(flights.do, "slow", slow)
        wait_until(lambda: slow.begun)
        assert flights.do("other", lambda: 1) == (1, False)
        slow.may_end.set()
        first.result(60)


@pytest.mark.parametrize("kind", [SingleFlight, FreshFlight])
def test_nothing_is_remembered(kind: type[SingleFlight[int] | FreshFlight[int]]) -> None:
    flights, key = kind(), Key()
    forgotten = weakref.ref(key)
    values = [flights.do(key, lambda number=number: number) for number in range(3)]
    assert values == ([(0, False), (1, False), (2, False)] if kind is SingleFlight else [0, 1, 2])
    del key
    gc.collect()
    assert forgotten() is None


# ---- no answer older than the request ---------------------------------------------------------------------------------------------


class Source:
    """A value that other threads change. A read waits for `let_go` and returns the value at its start; concurrent reads are counted."""

    def __init__(self) -> None:
        self.value, self.reads, self.at_once, self.most_at_once = 0, 0, 0, 0
        self.errors: dict[int, BaseException] = {}
        self._lock, self._may_end = threading.Lock(), threading.Semaphore(0)

    def read(self) -> int:
        with self._lock:
            self.reads, self.at_once = self.reads + 1, self.at_once + 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            number, value = self.reads, self.value
        assert self._may_end.acquire(timeout=60)
        time.sleep(0.0001)  # let the other threads run, as a database does
        with self._lock:
            self.at_once -= 1
        if number in self.errors:
            raise self.errors[number]
        return value

    def change(self) -> int:
        """Change the value; return the new one."""
        with self._lock:
            self.value += 1
            return self.value

    def let_go(self, reads: int = 1) -> None:
        self._may_end.release(reads)


def test_nobody_is_given_what_was_read_before_they_asked() -> None:
    flights: FreshFlight[object] = FreshFlight()
    source, key = Source(), Key()
    with ThreadPoolExecutor(THREADS) as pool:
        first = pool.submit(flights.do, key, source.read)
        wait_until(lambda: source.reads == 1)
        source.value = 1
        others = [pool.submit(flights.do, key, source.read) for _ in range(THREADS - 1)]
        wait_until(lambda key=key: flights.waiting(key) == THREADS - 1)
        source.let_go(2)
        assert first.result(60) == 0
        assert [other.result(60) for other in others] == [1] * (THREADS - 1)
    assert (source.reads, source.most_at_once) == (2, 1)
    forgotten = weakref.ref(key)
    del key
    gc.collect()
    assert forgotten() is None


def test_a_crowd_reads_one_at_a_time_and_never_goes_back() -> None:
    """Each caller changes the source, then reads it: the value must be at least the caller's own change."""
    flights: FreshFlight[object] = FreshFlight()
    source = Source()
    source.let_go(100_000)
    rounds = 200

    def ask() -> bool:
        goes_up = True
        for _ in range(rounds):
            known = source.change()
            value = flights.do("key", source.read)
            assert isinstance(value, int)
            goes_up = goes_up and value >= known
        return goes_up

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(future.result(60) for future in [pool.submit(ask) for _ in range(THREADS)])
    assert source.most_at_once == 1
    assert source.reads < THREADS * rounds
    assert flights.do("key", lambda: "anew") == "anew"


@pytest.mark.parametrize("error", [ValueError("why"), KeyboardInterrupt("why")], ids=["an error", "an interruption"])
def test_a_failure_is_for_those_who_waited_for_that_read(error: BaseException) -> None:
    flights: FreshFlight[object] = FreshFlight()
    source = Source()
    source.errors = {1: KeyError("of the first alone"), 2: error}

    def ask() -> object:
        try:
            return flights.do("key", source.read)
        except BaseException as raised:  # noqa: BLE001 — the test compares it
            return raised

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(ask)
        wait_until(lambda: source.reads == 1)
        second = [pool.submit(ask) for _ in range(2)]
        wait_until(lambda: flights.waiting("key") == 2)
        source.let_go()
        wait_until(lambda: source.reads == 2)
        third = pool.submit(ask)
        wait_until(lambda: flights.waiting("key") == 2)  # one for the second read, and one for its turn
        source.let_go(2)
        assert first.result(60) is source.errors[1]
        assert [future.result(60) for future in second] == [error] * 2
        assert third.result(60) == 0
    assert source.reads == 3
    assert flights.do("key", lambda: "anew") == "anew"


def test_reads_of_different_things_do_not_wait() -> None:
    flights: FreshFlight[object] = FreshFlight()
    slow = Work()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(flights.do, "slow", slow)
        wait_until(lambda: slow.begun)
        assert flights.do("other", lambda: 1) == 1
        slow.may_end.set()
        first.result(60)
