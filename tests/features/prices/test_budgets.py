"""Budgets of calls: what a provider would see, over several processes, restarts and a clock of the test's own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.databases import Backend

from database import current
from features.prices.budgets import Budget, prune_calls
from models.provider import Allowance, ProviderError, ProviderFault, Window

START = datetime(2026, 11, 25, 13, 0, 30, tzinfo=UTC)
FREE_PLAN = Allowance({Window.MINUTE: 8, Window.DAY: 800})


class Clock:
    """A clock that a test sets."""

    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment

    def __call__(self, connection: object) -> datetime:
        return self.moment

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def wait_of(budget: Budget, calls: int = 1) -> float:
    """The seconds that the budget says to wait; 0 when it gave the calls."""
    refusal: ProviderError | None = None
    try:
        budget.reserve(calls)
    except ProviderError as error:
        refusal = error
    if refusal is None:
        return 0.0
    assert refusal.fault is ProviderFault.EXHAUSTED
    assert refusal.retry_after
    return refusal.retry_after


def most_in_any(moments: Sequence[datetime], seconds: float) -> int:
    """The largest number of calls in any window of this length, wherever it begins."""
    return max((sum(start <= other < start + timedelta(seconds=seconds) for other in moments) for start in moments), default=0)


def test_a_minute_gives_its_calls_and_says_when_the_next_is_free(backend: Backend) -> None:
    clock = Clock()
    budget = Budget(current(), "twelvedata", FREE_PLAN, clock)
    for _ in range(4):
        budget.reserve(2)
    assert wait_of(budget, 2) == pytest.approx(61)
    clock.pass_by(61)
    assert wait_of(budget, 2) == 0


def test_all_calls_are_given_or_none(backend: Backend) -> None:
    budget = Budget(current(), "twelvedata", FREE_PLAN, Clock())
    budget.reserve(7)
    assert wait_of(budget, 2) > 0
    assert wait_of(budget, 1) == 0


@pytest.mark.parametrize(
    ("zone", "moment", "midnight"),
    [
        pytest.param("UTC", "2026-11-25 13:00", "2026-11-26 00:00", id="UTC"),
        pytest.param("America/New_York", "2026-11-25 03:00", "2026-11-25 05:00", id="the evening before in New York"),
        pytest.param("America/New_York", "2026-11-01 04:30", "2026-11-02 05:00", id="the day of 25 hours"),
        pytest.param("America/New_York", "2026-03-08 05:30", "2026-03-09 04:00", id="the day of 23 hours"),
    ],
)
def test_a_day_ends_at_the_providers_midnight(backend: Backend, zone: str, moment: str, midnight: str) -> None:
    clock = Clock(datetime.fromisoformat(moment).replace(tzinfo=UTC))
    budget = Budget(current(), "tiingo", Allowance({Window.DAY: 1}, zone), clock)
    budget.reserve(1)
    clock.pass_by(wait_of(budget))
    assert clock.moment == datetime.fromisoformat(midnight).replace(tzinfo=UTC)
    assert wait_of(budget) == 0


def test_a_month_ends_with_its_last_day(backend: Backend) -> None:
    clock = Clock(datetime(2028, 2, 10, tzinfo=UTC))
    budget = Budget(current(), "tiingo", Allowance({Window.MONTH: 1}), clock)
    budget.reserve(1)
    clock.pass_by(wait_of(budget))
    assert clock.moment == datetime(2028, 3, 1, tzinfo=UTC)
    assert wait_of(budget) == 0


@pytest.mark.parametrize(
    ("window", "seconds", "wait"),
    [
        pytest.param(Window.MINUTE, 17.0, 17.0, id="as long as the provider says"),
        pytest.param(Window.MINUTE, None, 30.0, id="else until the minute ends"),
        pytest.param(Window.HOUR, None, 59.5 * 60, id="the hour"),
        pytest.param(Window.DAY, None, 10 * 3600 + 59.5 * 60, id="the day"),
    ],
)
def test_a_window_that_the_provider_closes_stays_closed(backend: Backend, window: Window, seconds: float | None, wait: float) -> None:
    clock = Clock()
    budget = Budget(current(), "twelvedata", FREE_PLAN, clock)
    budget.close(window, seconds)
    assert wait_of(budget) == pytest.approx(wait)
    clock.pass_by(wait)
    assert wait_of(budget) == 0


def test_uses_tell_what_is_left(backend: Backend) -> None:
    clock = Clock()
    budget = Budget(current(), "twelvedata", FREE_PLAN, clock)
    budget.reserve(8)
    minute, day = budget.uses()
    assert (minute.window, minute.limit, minute.calls, minute.free_at) == (Window.MINUTE, 8, 8, START + timedelta(seconds=61))
    assert (day.window, day.limit, day.calls, day.free_at) == (Window.DAY, 800, 8, None)


def test_providers_do_not_share(backend: Backend) -> None:
    clock = Clock()
    Budget(current(), "twelvedata", FREE_PLAN, clock).reserve(8)
    assert wait_of(Budget(current(), "tiingo", FREE_PLAN, clock), 8) == 0


def test_threads_together_get_no_call_too_many(backend: Backend) -> None:
    clock, given_calls = Clock(), []

    def take() -> None:
        budget = Budget(current(), "twelvedata", FREE_PLAN, clock)
        given_calls.extend(1 for _ in range(5) if wait_of(budget) == 0)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given_calls) == 8


def test_two_thousand_tickers_within_the_free_plan_over_two_instances_and_restarts(backend: Backend) -> None:
    """Each asks as soon as it may; every 300 tickers both are started anew. A ticker takes two calls, and a day has 800."""
    clock = Clock()

    def started() -> list[Budget]:
        return [Budget(current(), "twelvedata", FREE_PLAN, clock) for _ in range(2)]

    instances, calls = started(), []
    while len(calls) < 2_000:
        waits = [wait_of(budget, 2) for budget in instances]
        calls += [clock.moment for wait in waits if wait == 0]
        if not all(waits):
            clock.pass_by(0.4)
        else:
            clock.pass_by(min(waits))
        if len(calls) % 300 < 2:
            instances = started()
    assert most_in_any(calls[:400], 60) * 2 <= 8
    by_day = [sum(moment.date() == START.date() + timedelta(days=day) for moment in calls) for day in range(6)]
    assert by_day == [400, 400, 400, 400, 400, 0]


@given(pauses=st.lists(st.floats(0, 40), min_size=20, max_size=60), limit=st.integers(1, 5))
@settings(derandomize=True, max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_minute_has_more_calls_than_it_allows(backend: Backend, pauses: list[float], limit: int) -> None:
    clock, calls = Clock(), []
    budget = Budget(current(), f"p{limit}-{len(pauses)}-{sum(pauses)}"[:40], Allowance({Window.MINUTE: limit}), clock)
    for pause in pauses:
        clock.pass_by(pause)
        if wait_of(budget) == 0:
            calls.append(clock.moment)
    assert most_in_any(calls, 60) <= limit


def test_old_calls_are_forgotten(backend: Backend) -> None:
    clock = Clock()
    budget = Budget(current(), "tiingo", Allowance({Window.MONTH: 5}), clock)
    budget.reserve(2)
    assert prune_calls(current(), START + timedelta(days=32)) == 0
    assert prune_calls(current(), START + timedelta(days=40)) == 1
