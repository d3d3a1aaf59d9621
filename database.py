"""The database: an engine and its pool, on SQLite or Postgres. It knows no table.

    database = Database(DatabaseOptions.of(settings))   opens no connection
    with database.read() as connection:          statements in autocommit, one snapshot each
    with database.transaction() as connection:   BEGIN … COMMIT (BEGIN IMMEDIATE on SQLite); ROLLBACK on any exception

Statements are `sqlalchemy.text()` with `:name` parameters. Timestamps are timezone-aware UTC datetimes, as parameters and in rows; a naive
one is an error. The engine is created at the first use, and again in a forked child, which must not share its parent's sockets.

Functions and classes receive their Database as an argument. The process-wide one at the end of this file is for `query_db`, `execute_db`,
`init_db_if_needed` and `close_db`, for migrations run by hand, and for tests.
"""

from __future__ import annotations

import os
import re
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine, create_engine, exc, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool, QueuePool

from infrastructure.breaker import Breaker, BreakerOpen
from infrastructure.sql import sqlite as sqlite_driver
from infrastructure.sql.driver_reader import Reader
from infrastructure.sql.options import DatabaseOptions
from infrastructure.sql.pool_events import watch_pool
from infrastructure.sql.sqlite_file import SqliteFile
from infrastructure.sql.transaction import is_observed, transaction_on
from utils.database_errors import (
    DatabaseSuspended,
    Explanation,
    explanation_of,
    is_lost,
    is_permanent,
    is_unavailable,
    reason_of,
    refuses_writes,
    spoils_connections,
)

if TYPE_CHECKING:
    from config import Settings

__all__ = [
    "AnyReader", "Database", "DatabaseOptions", "DatabaseSuspended",
    "PoolStatus", "RefusedWrite", "adopt", "close", "close_db", "configure", "connect",
    "current", "execute_db", "init_db_if_needed", "is_lost", "is_unavailable", "normalize_url", "query_db", "read",
    "reader", "reason_of", "transaction",
]  # fmt: skip

log = structlog.get_logger(__name__)
Resource = TypeVar("Resource")

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds between two attempts to connect
POOL_EVENTS = ("connects", "checkouts", "pings", "timeouts", "invalidations")


@dataclass(frozen=True)
class PoolStatus:
    """The pool of this process: its limit, the connections in use and idle, and the number of events since its creation."""

    limit: int
    in_use: int
    idle: int
    events: dict[str, int]


@dataclass(frozen=True)
class RefusedWrite:
    """A write that the database refused, for example on a full disk, and its time by the monotonic clock."""

    explanation: Explanation
    at: float


class Database:
    """One engine with its pool and counters. Thread-safe. The engine is created lazily, also after `close`."""

    def __init__(self, options: DatabaseOptions) -> None:
        self.options = options
        self._url = normalize_url(options.url)
        self._file = SqliteFile(Path(self._url.database or "")) if self._url.get_backend_name() == "sqlite" else None
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._counts = dict.fromkeys(POOL_EVENTS, 0)
        self._generation = 0  # of the connections; those of a former one are not used again
        self.breaker = Breaker("database", options.breaker_failures, options.breaker_seconds)
        self.refused_write: RefusedWrite | None = None  # the last one; None again once a write has succeeded
        _databases.add(self)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._url.get_backend_name()

    @property
    def is_sqlite(self) -> bool:
        """Whether this is an SQLite file."""
        return self.dialect == "sqlite"

    @property
    def path(self) -> Path | None:
        """The path of the SQLite file; None on Postgres."""
        return self._file.path if self._file is not None else None

    @property
    def description(self) -> str:
        """The URL without its password, for logs and messages."""
        return self._url.render_as_string(hide_password=True)

    def expect_file(self) -> None:
        """From now on, a missing SQLite file is an error; otherwise the first connection creates it."""
        if self._file is not None:
            self._file.expect()

    def engine(self) -> Engine:
        """The engine, created at the first call. That opens no connection."""
        with self._lock:
            if self._engine is None:
                self._engine = self._make_engine()
            return self._engine

    def connect(self, attempts: int | None = None, wait: Callable[[float], object] = time.sleep) -> None:
        """Check that the database answers, and that an SQLite file can be written. For start-up only; a running service fails fast.

        Tries `attempts` times (by default `DB_CONNECT_ATTEMPTS`); between two it calls `wait` with the seconds of a growing, capped pause.
        An error that waiting cannot cure ends it at once. Raises the last error.
        """
        attempts, pause = attempts or self.options.connect_attempts, FIRST_PAUSE
        for attempt in range(1, attempts + 1):
            try:
                self.ping()
                if self.is_sqlite:
                    sqlite_driver.check_writable(self.engine())
                self.breaker.close()  # failures during start-up must not count once the database answers
                return
            except exc.OperationalError as error:
                if attempt == attempts or is_permanent(error):
                    raise
                fields = {"reason": reason_of(error), "remedy": explanation_of(error).remedy}
                log.warning("database not reachable yet", database=self.description, attempt=attempt, of=attempts, **fields)
                wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def ping(self) -> None:
        """Make one round trip, bypassing the breaker. Raises if the database does not answer."""
        with self.engine().connect() as connection:
            connection.exec_driver_sql("SELECT 1")

    def close(self) -> None:
        """Close every pooled connection. Idempotent; the next use opens the pool again."""
        with self._lock:
            engine, self._engine = self._engine, None
            if self._file is not None:
                self._file.forget()
        if engine is not None:
            engine.dispose()

    def forget_after_fork(self) -> None:
        """In a forked child, drop the parent's connections without closing them, because the parent still uses them."""
        self._lock = threading.Lock()
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose(close=False)

    def read(self) -> Connection:
        """A connection in autocommit, for use with `with`: it saves the round trips of BEGIN and ROLLBACK."""
        return self._check_out(Engine.connect)

    def one_statement(self) -> AbstractContextManager[Connection]:
        """Like `read`, for one statement that writes: it is a transaction by itself, and saves the round trips of BEGIN and COMMIT.

        Where transactions are observed, it is one of them.
        """
        return self.transaction() if is_observed() else self.read()

    def reader(self) -> Reader:
        """Like `read`, at half the cost, for the reads that most requests make."""
        return self._check_out(lambda engine: Reader(engine, self._record_outcome))

    def _check_out(self, take: Callable[[Engine], Resource]) -> Resource:
        try:
            self.breaker.check()
        except BreakerOpen as refusal:
            raise DatabaseSuspended(refusal.retry_after) from None
        try:
            return take(self.engine())
        except exc.TimeoutError:
            self._counts["timeouts"] += 1
            raise

    def _record_outcome(self, error: exc.SQLAlchemyError | None) -> bool:
        """Record the outcome of using a connection: an error, or None for success. Return whether the error means a lost database."""
        if error is None:
            self.breaker.record_success()
            return False
        if refuses_writes(error):
            self.refused_write = RefusedWrite(explanation_of(error), time.monotonic())
        if spoils_connections(error):
            self._generation += 1
        if is_lost(error):
            self.breaker.record_failure(error)
            return True
        return False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end, rolled back on any exception.

        On SQLite it takes the write lock at once (BEGIN IMMEDIATE), so that it cannot fail to get the lock half-way.
        """
        with self._transaction(observed=True) as connection:
            yield connection

    @contextmanager
    def bookkeeping(self) -> Iterator[Connection]:
        """A transaction that is no change of what its request is about, such as a reservation or a count: no observer sees it."""
        with self._transaction(observed=False) as connection:
            yield connection

    @contextmanager
    def _transaction(self, *, observed: bool) -> Iterator[Connection]:
        with self.read() as connection, transaction_on(connection, observed=observed) as waiting:
            yield connection
        for act in waiting:
            act()

    @contextmanager
    def read_only(self) -> Iterator[Connection]:
        """A separate connection that cannot write, for checks that must not change the database.

        Raises FileNotFoundError when there is no SQLite file.
        """
        path = self.path
        if path is not None:
            engine = create_engine("sqlite://", creator=lambda: sqlite_driver.open_read_only(path), poolclass=NullPool)
            kind: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"}
        else:
            engine = self._postgres_engine(poolclass=NullPool)
            kind = {"postgresql_readonly": True}  # a transaction: a setting of the session would stay with a pooler's connection
        with engine.connect() as connection:
            yield connection.execution_options(**kind)

    def status(self) -> PoolStatus:
        """The pool's size, use and counters."""
        pool = self.engine().pool
        assert isinstance(pool, QueuePool)
        return PoolStatus(pool.size() + self.options.max_overflow, pool.checkedout(), pool.checkedin(), dict(self._counts))

    def _make_engine(self) -> Engine:
        options = self.options
        pool: dict[str, Any] = {
            "poolclass": QueuePool,
            "pool_size": options.pool_size,
            "max_overflow": options.max_overflow,
            "pool_timeout": options.pool_timeout,
            "isolation_level": "AUTOCOMMIT",
            "hide_parameters": True,
        }
        if self._file is not None:
            # No recycling: no network lies between, and closing the last connection removes the -shm file, which takes space to create.
            arguments = {"detect_types": sqlite3.PARSE_DECLTYPES, "timeout": options.lock_timeout, "check_same_thread": False}
            engine = create_engine(self._url, connect_args=arguments, **pool)
        else:
            # Many rows per statement, because psycopg2's `executemany` makes a round trip for each.
            batches = {"executemany_mode": "values_plus_batch", "executemany_batch_page_size": 500}
            engine = self._postgres_engine(pool_recycle=options.pool_recycle, **batches, **pool)
        watch_pool(engine, self._counts, options.ping_after_idle, lambda: self._generation, self._record_outcome)
        if self._file is not None:
            self._file.guard(engine)
        return engine

    def _postgres_engine(self, **more: Any) -> Engine:
        from infrastructure.sql import postgres  # noqa: PLC0415 — saves the driver's 5 MB on SQLite

        postgres.register_types()
        asked, options = self._url.query, self.options
        arguments = postgres.connect_arguments(asked, options.connect_timeout, options.idle_in_transaction_timeout)
        engine = create_engine(self._url, connect_args=arguments, **more)
        postgres.connect_through_poolers(engine, asked)
        return engine


def normalize_url(url: str) -> URL:
    """Parse a URL for SQLAlchemy; `postgres://` and `postgresql://`, which platforms set, select the psycopg2 driver."""
    return make_url(re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", url))


# ---- the database of this process -------------------------------------------------------------------------------------------------

AnyReader = Connection | Reader
_databases: weakref.WeakSet[Database] = weakref.WeakSet()
_current: Database | None = None


def configure(settings: Settings | DatabaseOptions) -> Database:
    """Set the process-wide database from settings. Opens no connection; closes the previous database."""
    close()
    return adopt(Database(settings if isinstance(settings, DatabaseOptions) else DatabaseOptions.of(settings)))


def adopt(database: Database) -> Database:
    """Make a database the process-wide one. The previous one stays open for its holders."""
    global _current
    _current = database
    return database


def current() -> Database:
    """The process-wide database. Raises RuntimeError before `configure` or `adopt`."""
    if _current is None:
        raise RuntimeError("No database is configured: call database.configure(settings) first.")
    return _current


def read() -> Connection:
    """Open a connection in autocommit on the database of this process, for use with `with`; see Database.read."""
    return current().read()


def reader() -> Reader:
    """Open a Reader on the database of this process, for use with `with`; see Database.reader."""
    return current().reader()


def transaction() -> AbstractContextManager[Connection]:
    """Open a transaction on the database of this process; see Database.transaction."""
    return current().transaction()


def connect() -> None:
    """Check that the database answers, with retries; see Database.connect."""
    current().connect()


def close() -> None:
    """Close the pool of this process, if there is one. Idempotent."""
    if _current is not None:
        _current.close()


def query_db(statement: str, parameters: Mapping[str, Any] | None = None, one: bool = False) -> Any:
    """Run one SELECT and return its rows as dicts: a list, or with `one` the first row or None."""
    with read() as connection:
        rows = connection.execute(text(statement), dict(parameters or {})).mappings()
        if one:
            row = rows.first()
            return None if row is None else dict(row)
        return [dict(row) for row in rows]


def execute_db(statement: str, parameters: Mapping[str, Any] | None = None) -> int:
    """Run one writing statement in its own transaction and return the number of rows that it changed."""
    with transaction() as connection:
        changed: int = connection.execute(text(statement), dict(parameters or {})).rowcount
        return changed


def init_db_if_needed(migrate: Callable[[], Any] = lambda: None) -> None:
    """Check the connection, then call `migrate` (for example `db_migrations.up`)."""
    connect()
    migrate()


close_db = close


def _forget_after_fork() -> None:
    for database in list(_databases):
        database.forget_after_fork()


sqlite_driver.register_types()
os.register_at_fork(after_in_child=_forget_after_fork)
