"""The circuit breaker around a real database: which of its errors make it move."""

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

LONG, SHORT = 300.0, 0.05  # seconds that it is left alone
AWAY = OSError("away")
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def options(url: str, **more: object) -> DatabaseOptions:
    values = {"breaker_failures": 2, "breaker_seconds": LONG, "pool_timeout": 0.05, "lock_timeout": 0.05, "connect_timeout": 2, **more}
    return replace(DatabaseOptions(url), **values)  # type: ignore[arg-type]


def unique(here: Database) -> None:
    with here.transaction() as connection:
        connection.execute(text("INSERT INTO things VALUES (1)"))


def syntax(here: Database) -> None:
    with here.read() as connection:
        connection.execute(text("SELEKT 1"))


def syntax_in_the_reader(here: Database) -> None:
    with here.reader() as connection:
        connection.execute(text("SELECT missing FROM things"), {})


def no_table(here: Database) -> None:
    with here.reader() as connection:
        connection.execute(text("SELECT 1 FROM nothing"), {})


def full_pool(here: Database) -> None:
    with here.read(), here.read():
        pass


def locked(here: Database) -> None:
    """Write while another does."""
    other = Database(here.options)
    try:
        with other.transaction() as holding:
            holding.execute(text("UPDATE things SET id = id"))
            with here.transaction() as connection:
                if not here.is_sqlite:
                    connection.exec_driver_sql("SET LOCAL lock_timeout = '20ms'")
                connection.execute(text("UPDATE things SET id = id"))
    finally:
        other.close()


def cancelled(here: Database) -> None:
    with here.transaction() as connection:
        if here.is_sqlite:
            raise exc.OperationalError("", {}, Exception("interrupted"))
        connection.exec_driver_sql("SET LOCAL statement_timeout = '20ms'")
        connection.execute(text("SELECT pg_sleep(60)"))


HARMLESS = [unique, syntax, syntax_in_the_reader, no_table, full_pool, locked, cancelled]


@pytest.fixture
def here(empty_backend: Backend) -> Iterator[Database]:
    """A database with a row, and room for one connection."""
    database.execute_db("CREATE TABLE things (id BIGINT PRIMARY KEY)")
    database.execute_db("INSERT INTO things VALUES (1)")
    db = Database(options(empty_backend.url, pool_size=1, max_overflow=0))
    yield db
    db.close()


@pytest.mark.parametrize("act", HARMLESS, ids=lambda act: act.__name__)
def test_what_is_no_outage_does_not_count(here: Database, act: Callable[[Database], None]) -> None:
    for _ in range(3):
        with pytest.raises(exc.SQLAlchemyError):
            act(here)
    assert (here.breaker.state, here.breaker.failures) == ("closed", 0)


@pytest.mark.parametrize("act", HARMLESS, ids=lambda act: act.__name__)
def test_what_is_no_outage_proves_that_the_database_is_there(here: Database, act: Callable[[Database], None]) -> None:
    """A try that ends so closes the breaker, but for one that found no connection free, which says nothing."""
    here.breaker.seconds = SHORT
    for _ in range(2):
        here.breaker.record_failure(AWAY)
    wait_until(lambda: here.breaker.retry_after == 0)
    here.breaker.seconds = LONG
    if act is full_pool:
        taken = here.engine().connect()  # past the breaker
        with pytest.raises(exc.TimeoutError):
            here.read()
        assert here.breaker.state == "half-open"
        taken.close()
        return
    with pytest.raises(exc.SQLAlchemyError):
        act(here)
    assert here.breaker.state == "closed"


NOWHERE = "postgresql://u:hunter2@127.0.0.1:1/x"


def use(here: Database, way: str) -> None:
    if way == "transaction":
        with here.transaction():
            pass
    else:
        with getattr(here, way)() as connection:
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
        assert not database.is_lost(refused.value)  # or its own refusals would keep it open
    with pytest.raises(exc.OperationalError):
        db.connect(1)  # start-up goes past it
    db.close()


def test_connecting_goes_past_an_open_breaker_and_closes_it(here: Database) -> None:
    for _ in range(2):
        here.breaker.record_failure(AWAY)
    here.ping()  # a check, which says nothing
    with pytest.raises(DatabaseSuspended):
        here.read()
    here.connect(1)
    assert (here.breaker.state, here.breaker.failures) == ("closed", 0)
    use(here, "read")


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
    db = Database(options(postgres.url, breaker_failures=3, breaker_seconds=SHORT))
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
    assert [type(error) is DatabaseSuspended for error in raised[:4]] == [False, False, False, True]  # refused after as many failures
    assert all(map(database.is_unavailable, raised))
    assert db.breaker.state != "closed"
    postgres.start()
    wait_until(try_once)  # by itself
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
def test_threads_that_read_while_it_opens_and_closes(here: Database) -> None:
    """Whatever comes together, in the end it is closed and everybody is served."""
    here.close()
    open_to_all = Database(replace(here.options, pool_size=16, pool_timeout=30.0, breaker_seconds=SHORT))
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
