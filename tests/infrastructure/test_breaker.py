"""The circuit breaker: its states and moves. What a database's errors do to it is in test_database_breaker.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from kit.servers import wait_until

from infrastructure.breaker import Breaker, BreakerOpen

LONG, SHORT = 300.0, 0.05  # seconds that it is left alone
AWAY = OSError("away")


class Observer:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.moves: list[bool] = []
        self.refused = 0

    def breaker_changed(self, name: str, is_open: bool) -> None:
        assert name == "thing"
        self.moves.append(is_open)

    def breaker_refused(self, name: str) -> None:
        self.refused += 1


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def breaker(failures: int = 3, seconds: float = LONG, clock: Callable[[], float] = time.monotonic) -> tuple[Breaker, Observer]:
    made, observer = Breaker("thing", failures, seconds, clock), Observer()
    made.observer = observer
    return made, observer


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.record_failure(AWAY)


def refuses(breaker: Breaker) -> bool:
    try:
        breaker.check()
    except BreakerOpen:
        return True
    return False


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    made, observer = breaker(failures=3)
    fail(made, 2)
    made.record_success()
    assert made.failures == 0
    fail(made, 2)
    assert (made.state, made.failures, made.retry_after, refuses(made), observer.moves) == ("closed", 2, 0.0, False, [])
    fail(made, 1)
    assert (made.state, observer.moves) == ("open", [True])
    assert 0 < made.retry_after <= LONG
    with pytest.raises(BreakerOpen, match="thing") as refused:
        made.check()
    assert 0 < refused.value.retry_after <= LONG
    assert observer.refused == 1


def test_what_began_before_it_opened_moves_nothing() -> None:
    clock = Clock()
    made, observer = breaker(failures=1, clock=clock)
    fail(made, 1)
    clock.now += 1
    fail(made, 5)
    made.record_success()
    assert (made.state, made.failures, made.retry_after, observer.moves) == ("open", 1, LONG - 1, [True])


def open_and_due(seconds: float = SHORT) -> tuple[Breaker, Observer]:
    made, observer = breaker(failures=1, seconds=seconds)
    fail(made, 1)
    wait_until(lambda: made.retry_after == 0)
    made.seconds = LONG  # the next pause
    return made, observer


def test_after_the_pause_one_may_try_and_closes_it() -> None:
    made, observer = open_and_due()
    assert [refuses(made) for _ in range(3)] == [False, True, True]
    assert made.state == "half-open"
    made.record_success()
    assert (made.state, made.failures, made.retry_after, observer.moves) == ("closed", 0, 0.0, [True, False])
    assert not any(refuses(made) for _ in range(10))


def test_a_failed_try_opens_it_again_at_once() -> None:
    made, observer = open_and_due()
    made.check()
    fail(made, 1)
    assert (made.state, refuses(made), observer.moves) == ("open", True, [True])  # it is one outage
    assert SHORT < made.retry_after <= LONG


def test_a_try_of_which_nobody_hears_again_keeps_nobody_out_for_ever() -> None:
    made, _ = breaker(failures=1, seconds=SHORT)
    fail(made, 1)
    wait_until(lambda: not refuses(made))
    wait_until(lambda: not refuses(made))  # the first never reported
    made.record_success()
    assert made.state == "closed"


def test_it_is_open_until_the_pause_is_over() -> None:
    clock = Clock()
    made, _ = breaker(failures=1, seconds=5.0, clock=clock)
    fail(made, 1)
    clock.now += 4.9
    assert (refuses(made), made.state) == (True, "open")
    clock.now += 0.1
    assert (made.retry_after, refuses(made), made.state, made.retry_after) == (0.0, False, "half-open", 5.0)


@pytest.mark.parametrize("state", ["closed", "open", "half-open"])
def test_closing_it_from_outside_forgets_what_failed(state: str) -> None:
    clock = Clock()
    made, observer = breaker(failures=2, seconds=5.0, clock=clock)
    fail(made, 1 if state == "closed" else 2)
    clock.now += 5 if state == "half-open" else 0
    assert refuses(made) == (state == "open")
    assert made.state == state
    made.close()
    made.close()
    assert (made.state, made.failures, refuses(made)) == ("closed", 0, False)
    assert observer.moves == ([] if state == "closed" else [True, False])


def test_of_many_threads_one_tries() -> None:
    made, observer = open_and_due()
    with ThreadPoolExecutor(16) as pool:
        refused = list(pool.map(lambda _: refuses(made), range(200)))
    assert (refused.count(False), observer.refused) == (1, 199)


def test_threads_that_fail_at_once_open_it_once() -> None:
    made, observer = breaker(failures=20)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: made.record_failure(AWAY), range(200)))
    assert (made.state, observer.moves) == ("open", [True])


def test_none_at_all() -> None:
    made, observer = breaker(failures=0)
    fail(made, 100)
    assert (made.state, refuses(made), observer.moves) == ("closed", False, [])


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), BreakerOpen("other", 1.0)], ids=lambda error: type(error).__name__)
def test_whatever_the_failure_is_it_is_counted_and_not_raised(error: BaseException) -> None:
    made, _ = breaker(failures=2)
    made.record_failure(error)
    assert made.failures == 1
