"""The circuit breaker of a real database: which errors change its state."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from kit.databases import Backend, OwnPostgres, own_postgres
from kit.servers import wait_until
from sqlalchemy import exc, text

import database
from database import Database, DatabaseOptions, DatabaseSuspended

LONG, SHORT = 300.0, 0.05  # seconds until the next attempt
AWAY = OSError("away")
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def options(url: str, **more: object) -> DatabaseOptions:
    values = {"breaker_failures": 2, "breaker_seconds": LONG, "pool_timeout": 0.05, "lock_timeout": 0.05, "connect_timeout": 2, **more}
    return replace(DatabaseOptions(url), **values)  # type: ignore[arg-type]


def unique(db: Database) -> None:
    with db.transaction() as connection:
        connection.execute(text("INSERT INTO things VALUES (1)"))


def syntax(db: Database) -> None:
    with db.read() as connection:
        connection.execute(text("SELEKT 1"))


def syntax_in_the_reader(db: Database) -> None:
    with db.reader() as connection:
        connection.execute(text("SELECT missing FROM things"), {})


def no_table(db: Database) -> None:
    with db.reader() as connection:
        connection.execute(text("SELECT 1 FROM nothing"), {})


def full_pool(db: Database) -> None:
    with db.read(), db.read():
        pass


def locked(db: Database) -> None:
    """Write while another connection holds the lock."""
    other = Database(db.options)
    try:
        with other.transaction() as holding:
            holding.execute(text("UPDATE things SET id = id"))
            with db.transaction() as connection:
                if not db.is_sqlite:
                    connection.exec_driver_sql("SET LOCAL lock_timeout = '20ms'")
                connection.execute(text("UPDATE things SET id = id"))
    finally:
        other.close()


def cancelled(db: Database) -> None:
    with db.transaction() as connection:
        if db.is_sqlite:
            raise exc.OperationalError("", {}, Exception("interrupted"))
        connection.exec_driver_sql("SET LOCAL statement_timeout = '20ms'")
        connection.execute(text("SELECT pg_sleep(60)"))


HARMLESS = [unique, syntax, syntax_in_the_reader, no_table, full_pool, locked, cancelled]


@pytest.fixture
def db(empty_backend: Backend) -> Iterator[Database]:
    """A database with one row and a pool of one connection."""
    database.execute_db("CREATE TABLE things (id BIGINT PRIMARY KEY)")
    database.execute_db("INSERT INTO things VALUES (1)")
    db = Database(options(empty_backend.url, pool_size=1, max_overflow=0))
    yield db
    db.close()


@pytest.mark.parametrize("act", HARMLESS, ids=lambda act: act.__name__)
def test_what_is_no_outage_does_not_count(db: Database, act: Callable[[Database], None]) -> None:
    for _ in range(3):
        with pytest.raises(exc.SQLAlchemyError):
            act(db)
    assert (db.breaker.state, db.breaker.failures) == ("closed", 0)


@pytest.mark.parametrize("act", HARMLESS, ids=lambda act: act.__name__)
def test_what_is_no_outage_proves_that_the_database_is_there(db: Database, act: Callable[[Database], None]) -> None:
    """An attempt that ends with such an error closes the breaker. A full pool leaves it unchanged, because no connection was tried."""
    db.breaker.seconds = SHORT
    for _ in range(2):
        db.breaker.record_failure(AWAY)
    wait_until(lambda: db.breaker.retry_after == 0)
    db.breaker.seconds = LONG
    if act is full_pool:
        taken = db.engine().connect()  # bypasses the breaker
        with pytest.raises(exc.TimeoutError):
            db.read()
        assert db.breaker.state == "half-open"
        taken.close()
        return
    with pytest.raises(exc.SQLAlchemyError):
        act(db)
    assert db.breaker.state == "closed"


NOWHERE = "postgresql://u:hunter2@127.0.0.1:1/x"


def use(db: Database, way: str) -> None:
    if way == "transaction":
        with db.transaction():
            pass
    else:
        with getattr(db, way)() as connection:
            connection.execute(text("SELECT 1"), {})


@pytest.mark.parametrize("way", ["read", "reader", "transaction"])
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_an_absent_database_is_left_alone(tmp_path: Path, engine: str, way: str) -> None:
    db = Database(options(f"sqlite:///{tmp_path}" if engine == "sqlite" else NOWHERE))  # a folder is no database file
    for failures in (1, 2):
        with pytest.raises(exc.OperationalError):
            use(db, way)
        assert db.breaker.failures == failures
    for other in ("read", "reader", "transaction"):
        with pytest.raises(DatabaseSuspended) as refused:
            use(db, other)
        assert 0 < refused.value.retry_after <= LONG
        assert database.is_unavailable(refused.value)
        assert not database.is_lost(refused.value)  # otherwise the breaker's own refusals would keep it open
    with pytest.raises(exc.OperationalError):
        db.connect(1)  # start-up bypasses the breaker
    db.close()


def test_connecting_goes_past_an_open_breaker_and_closes_it(db: Database) -> None:
    for _ in range(2):
        db.breaker.record_failure(AWAY)
    db.ping()  # a check does not change the breaker
    with pytest.raises(DatabaseSuspended):
        db.read()
    db.connect(1)
    assert (db.breaker.state, db.breaker.failures) == ("closed", 0)
    use(db, "read")


@pytest.mark.parametrize("failures", [0, 5])
def test_below_its_number_and_with_none_it_never_refuses(tmp_path: Path, failures: int) -> None:
    db = Database(options(f"sqlite:///{tmp_path}", breaker_failures=failures))
    for _ in range(4):
        with pytest.raises(exc.OperationalError):
            use(db, "read")
    assert db.breaker.state == "closed"
    db.close()


@pytest.fixture(scope="module")
def postgres() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server


def test_a_postgres_that_stops_and_comes_back(postgres: OwnPostgres) -> None:
    # Longer than a slow machine takes between two tries, so that the one after the third failure comes while the breaker refuses.
    db = Database(options(postgres.url, breaker_failures=3, breaker_seconds=2.0))
    use(db, "read")
    postgres.stop()
    raised: list[exc.SQLAlchemyError] = []

    def try_once() -> bool:
        try:
            use(db, ("read", "reader", "transaction")[len(raised) % 3])
        except exc.SQLAlchemyError as error:
            raised.append(error)
            return False
        return True

    wait_until(lambda: try_once() or len(raised) >= 23)
    assert [type(error) is DatabaseSuspended for error in raised[:4]] == [False, False, False, True]  # it refuses after three failures
    assert all(map(database.is_unavailable, raised))
    assert db.breaker.state != "closed"
    postgres.start()
    wait_until(try_once)  # the breaker recovers by itself
    assert (db.breaker.state, db.breaker.failures) == ("closed", 0)
    db.close()


def test_a_connection_that_is_cut_is_counted_once(postgres: OwnPostgres) -> None:
    db = Database(options(postgres.url, breaker_failures=3))
    with pytest.raises(exc.DBAPIError), db.read() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert db.breaker.failures == 1
    use(db, "read")
    assert db.breaker.failures == 0
    db.close()


@ON_SQLITE
def test_threads_that_read_while_it_opens_and_closes(db: Database) -> None:
    """With any interleaving of failures and reads, the breaker ends closed and every thread is served."""
    db.close()
    open_to_all = Database(replace(db.options, pool_size=16, pool_timeout=30.0, breaker_seconds=SHORT))
    stop = threading.Event()

    def strike() -> None:
        while not stop.is_set():
            open_to_all.breaker.record_failure(AWAY)

    def read() -> int:
        served = 0
        for _ in range(200):
            with suppress(DatabaseSuspended):
                use(open_to_all, "reader")
                served += 1
        return served

    striker = threading.Thread(target=strike)
    striker.start()
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(read) for _ in range(8)]
        for future in futures:
            future.result(120)
        stop.set()
        striker.join()

    def served() -> bool:
        with suppress(DatabaseSuspended):
            use(open_to_all, "reader")
            return True
        return False

    wait_until(served)
    assert open_to_all.breaker.state == "closed"
    open_to_all.close()
