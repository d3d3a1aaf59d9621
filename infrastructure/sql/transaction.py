"""A transaction on a pooled connection, and what is to be done once it has committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, exc

Observer: TypeAlias = "Callable[[Connection], object]"

_observer: ContextVar[Observer | None] = ContextVar("observer", default=None)
_waiting: WeakKeyDictionary[Connection, list[Callable[[], object]]] = WeakKeyDictionary()  # by connection in a transaction


def observe_commits(observer: Observer | None) -> None:
    """Have `observer` called with the connection of each transaction of this thread before it commits; None ends that."""
    _observer.set(observer)


def is_observed() -> bool:
    """Whether the transactions of this thread have an observer."""
    return _observer.get() is not None


@contextmanager
def transaction_on(connection: Connection, *, observed: bool = False) -> Iterator[list[Callable[[], object]]]:
    """BEGIN … COMMIT, or ROLLBACK on any exception. Yields what `after_commit` is given meanwhile, for the caller to do after a COMMIT.

    One that is `observed` is shown to the observer of this thread, if there is one, before its COMMIT.
    """
    # Not `connection.begin()`: that changes the isolation level first, and raises the driver's error when the server is gone.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else "BEGIN ISOLATION LEVEL READ COMMITTED")
    actions = _waiting[connection] = []
    try:
        yield actions
        observer = _observer.get() if observed else None
        if observer is not None:
            observer(connection)
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        _roll_back(connection)
        raise
    finally:
        del _waiting[connection]


def after_commit(connection: Connection, act: Callable[[], object]) -> None:
    """Call `act` once the transaction has committed and its connection is free again, and never if it is rolled back.

    Without a transaction it is called at once.
    """
    actions = _waiting.get(connection)
    if actions is None:
        act()
    else:
        actions.append(act)


def _roll_back(connection: Connection) -> None:
    if not _is_in_transaction(connection):
        return
    try:
        connection.exec_driver_sql("ROLLBACK")
    except exc.SQLAlchemyError:
        # The transaction ends with the connection; the caller must get its own error, not this one.
        connection.invalidate()


def _is_in_transaction(connection: Connection) -> bool:
    """Whether the driver reports an open transaction. SQLite ends one itself on some errors, such as a full disk."""
    if connection.invalidated:
        return False
    driver: Any = connection.connection.dbapi_connection
    return bool(driver.in_transaction if connection.dialect.name == "sqlite" else driver.get_transaction_status())
