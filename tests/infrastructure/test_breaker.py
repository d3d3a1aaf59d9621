"""The circuit breaker: its states and transitions. test_database_breaker.py tests the effect of a database's errors."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from kit.servers import wait_until

from infrastructure.breaker import Breaker, BreakerOpen

LONG, SHORT = 300.0, 0.05  # seconds until the next attempt
AWAY = OSError("away")


class Observer:
    """Records the transitions that it is told."""

    def __init__(self) -> None:
        self.moves: list[bool] = []
        self.refused = 0

    def breaker_changed(self, name: str, is_open: bool) -> None:
        assert name == "thing"
        self.moves.append(is_open)

    def breaker_refused(self, name: str) -> None:
        self.refused += 1


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def breaker(failures: int = 3, seconds: float = LONG, clock: Callable[[], float] = time.monotonic) -> tuple[Breaker, Observer]:
    circuit, observer = Breaker("thing", failures, seconds, clock), Observer()
    circuit.observer = observer
    return circuit, observer


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
    circuit, observer = breaker(failures=3)
    fail(circuit, 2)
    circuit.record_success()
    assert circuit.failures == 0
    fail(circuit, 2)
    assert (circuit.state, circuit.failures, circuit.retry_after, refuses(circuit), observer.moves) == ("closed", 2, 0.0, False, [])
    fail(circuit, 1)
    assert (circuit.state, observer.moves) == ("open", [True])
    assert 0 < circuit.retry_after <= LONG
    with pytest.raises(BreakerOpen, match="thing") as refused:
        circuit.check()
    assert 0 < refused.value.retry_after <= LONG
    assert observer.refused == 1


def test_what_began_before_it_opened_moves_nothing() -> None:
    clock = Clock()
    circuit, observer = breaker(failures=1, clock=clock)
    fail(circuit, 1)
    clock.now += 1
    fail(circuit, 5)
    circuit.record_success()
    assert (circuit.state, circuit.failures, circuit.retry_after, observer.moves) == ("open", 1, LONG - 1, [True])


def open_and_due(seconds: float = SHORT) -> tuple[Breaker, Observer]:
    circuit, observer = breaker(failures=1, seconds=seconds)
    fail(circuit, 1)
    wait_until(lambda: circuit.retry_after == 0)
    circuit.seconds = LONG  # the next pause
    return circuit, observer


def test_after_the_pause_one_may_try_and_closes_it() -> None:
    circuit, observer = open_and_due()
    assert [refuses(circuit) for _ in range(3)] == [False, True, True]
    assert circuit.state == "half-open"
    circuit.record_success()
    assert (circuit.state, circuit.failures, circuit.retry_after, observer.moves) == ("closed", 0, 0.0, [True, False])
    assert not any(refuses(circuit) for _ in range(10))


def test_a_failed_try_opens_it_again_at_once() -> None:
    circuit, observer = open_and_due()
    circuit.check()
    fail(circuit, 1)
    # The observer hears of the outage once, not of each failure.
    assert (circuit.state, refuses(circuit), observer.moves) == ("open", True, [True])
    assert SHORT < circuit.retry_after <= LONG


def test_a_try_of_which_nobody_hears_again_keeps_nobody_out_for_ever() -> None:
    circuit, _ = breaker(failures=1, seconds=SHORT)
    fail(circuit, 1)
    wait_until(lambda: not refuses(circuit))
    wait_until(lambda: not refuses(circuit))  # the first caller never reported an outcome
    circuit.record_success()
    assert circuit.state == "closed"


def test_it_is_open_until_the_pause_is_over() -> None:
    clock = Clock()
    circuit, _ = breaker(failures=1, seconds=5.0, clock=clock)
    fail(circuit, 1)
    clock.now += 4.9
    assert (refuses(circuit), circuit.state) == (True, "open")
    clock.now += 0.1
    assert (circuit.retry_after, refuses(circuit), circuit.state, circuit.retry_after) == (0.0, False, "half-open", 5.0)


@pytest.mark.parametrize("state", ["closed", "open", "half-open"])
def test_closing_it_from_outside_forgets_what_failed(state: str) -> None:
    clock = Clock()
    circuit, observer = breaker(failures=2, seconds=5.0, clock=clock)
    fail(circuit, 1 if state == "closed" else 2)
    clock.now += 5 if state == "half-open" else 0
    assert refuses(circuit) == (state == "open")
    assert circuit.state == state
    circuit.close()
    circuit.close()
    assert (circuit.state, circuit.failures, refuses(circuit)) == ("closed", 0, False)
    assert observer.moves == ([] if state == "closed" else [True, False])


def test_of_many_threads_one_tries() -> None:
    circuit, observer = open_and_due()
    with ThreadPoolExecutor(16) as pool:
        refused = list(pool.map(lambda _: refuses(circuit), range(200)))
    assert (refused.count(False), observer.refused) == (1, 199)


def test_threads_that_fail_at_once_open_it_once() -> None:
    circuit, observer = breaker(failures=20)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: circuit.record_failure(AWAY), range(200)))
    assert (circuit.state, observer.moves) == ("open", [True])


def test_none_at_all() -> None:
    circuit, observer = breaker(failures=0)
    fail(circuit, 100)
    assert (circuit.state, refuses(circuit), observer.moves) == ("closed", False, [])


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), BreakerOpen("other", 1.0)], ids=lambda error: type(error).__name__)
def test_whatever_the_failure_is_it_is_counted_and_not_raised(error: BaseException) -> None:
    circuit, _ = breaker(failures=2)
    circuit.record_failure(error)
    assert circuit.failures == 1
