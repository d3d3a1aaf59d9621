"""A polled value: one thread reads it, other threads never wait, and the last value stays while the database is away."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from kit.servers import wait_until
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from database import DatabaseSuspended
from infrastructure.polling import PolledValue

AN_HOUR = 3600.0


def reading(values: list[object], seconds: float = AN_HOUR) -> PolledValue[object]:
    """A polled value whose reads return `values` in turn and raise those that are errors."""
    left = list(values)

    def read(_: object) -> object:
        value = left.pop(0)
        if isinstance(value, Exception):
            raise value
        return value

    return PolledValue("value", read, seconds, "initial")


def test_it_is_read_once_until_it_is_due() -> None:
    polled = reading([1, 2])
    assert [polled.get() for _ in range(5)] == [1] * 5
    polled.forget()
    assert [polled.get() for _ in range(5)] == [2] * 5


def test_it_is_read_again_by_itself() -> None:
    polled = reading([1, 2], seconds=0.05)
    assert polled.get() == 1
    wait_until(lambda: polled.get() == 2)


def test_a_reader_is_given_the_last_value() -> None:
    polled: PolledValue[int] = PolledValue("value", lambda last: last + 1, 0.0, 10)
    assert [polled.get() for _ in range(3)] == [11, 12, 13]


@pytest.mark.parametrize(
    "error",
    [OperationalError("SELECT 1", {}, Exception("gone")), DatabaseSuspended(3.0), SQLAlchemyError("gone")],
    ids=["gone", "left alone", "other"],
)
def test_while_the_database_is_away_the_last_value_holds(error: Exception) -> None:
    polled = reading([error, 1, error, error, 2], seconds=0.0)
    assert [polled.get() for _ in range(5)] == ["initial", 1, 1, 1, 2]


def test_a_failure_is_not_tried_again_by_each_request() -> None:
    polled = reading([DatabaseSuspended(3.0), 1])
    assert [polled.get() for _ in range(5)] == ["initial"] * 5


def test_a_fault_of_ours_is_not_hidden_and_locks_nobody_out() -> None:
    polled = reading([ZeroDivisionError(), 1])
    with pytest.raises(ZeroDivisionError):
        polled.get()
    polled.forget()
    assert polled.get() == 1


def test_one_reads_and_nobody_waits() -> None:
    may_end, begun = threading.Event(), threading.Semaphore(0)

    def read(last: str) -> str:
        begun.release()
        assert may_end.wait(60)
        return "new"

    polled = PolledValue("value", read, 0.0, "old")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(polled.get)
        assert begun.acquire(timeout=60)
        assert [polled.get() for _ in range(100)] == ["old"] * 100
        assert not begun.acquire(blocking=False)
        may_end.set()
        assert slow.result(60) == "new"
    assert polled.get() == "new"
