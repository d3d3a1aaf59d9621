"""The same work, asked for many times at once, is done once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from test_servers import wait_until

from utils.single_flight import SingleFlight

THREADS = 16


class Work:
    """Something that takes until it is let go, and counts how often it was begun."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.begun, self.may_end = 0, threading.Event()
        self._error = error

    def __call__(self) -> object:
        self.begun += 1
        assert self.may_end.wait(60)
        if self._error is not None:
            raise self._error
        return object()


def waiting(flights: SingleFlight[object]) -> int:
    """How many threads wait for what another makes."""
    with flights._lock:
        return sum(len(flight._condition._waiters) for flight in flights._flights.values())  # type: ignore[attr-defined]


def test_all_who_ask_meanwhile_get_the_same() -> None:
    flights: SingleFlight[object] = SingleFlight()
    work = Work()
    with ThreadPoolExecutor(THREADS) as pool:
        asked = [pool.submit(flights.do, "key", work) for _ in range(THREADS)]
        wait_until(lambda: waiting(flights) == THREADS - 1)
        work.may_end.set()
        answers = [future.result(60) for future in asked]
    assert work.begun == 1
    assert len({id(made) for made, _ in answers}) == 1
    assert sorted(is_shared for _, is_shared in answers) == [False] + [True] * (THREADS - 1)


@pytest.mark.parametrize("error", [ValueError("why"), KeyboardInterrupt("why")], ids=["an error", "an interruption"])
def test_all_hear_of_the_same_failure_and_the_next_tries_again(error: BaseException) -> None:
    flights: SingleFlight[object] = SingleFlight()
    work = Work(error)

    def ask() -> BaseException | None:
        try:
            flights.do("key", work)
        except BaseException as raised:  # noqa: BLE001 — it is what is looked at
            return raised
        return None

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask) for _ in range(4)]
        wait_until(lambda: waiting(flights) == 3)
        work.may_end.set()
        assert [future.result(60) for future in asked] == [error] * 4
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


def test_nothing_is_remembered() -> None:
    flights: SingleFlight[int] = SingleFlight()
    assert [flights.do("key", lambda number=number: number) for number in range(3)] == [(0, False), (1, False), (2, False)]
    assert not flights._flights
