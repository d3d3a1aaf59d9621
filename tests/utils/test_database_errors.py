"""The meaning of the databases' errors, each provoked in a real database; only an absent database stops reads."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psutil
import pytest
from kit.databases import Backend, OwnPostgres, own_postgres
from kit.disks import no_file_may_grow, small_disk
from sqlalchemy import Connection, event, exc, text

import database
from database import Database, DatabaseOptions
from utils.database_errors import EXPLANATIONS, ErrorKind, explanation_of, kind_of, reason_of, refuses_writes
from utils.start_errors import explain

SMALL, LARGE = "small", "x" * 300_000
INSERT = text("INSERT INTO things VALUES (:id, :body)")
COUNT = text("SELECT count(*) FROM things")
ENDLESS = "INSERT INTO things WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n) SELECT i, 'x' FROM n"
RAISE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '{}'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON things FOR EACH ROW WHEN (NEW.id > 2) EXECUTE FUNCTION refuse()
"""


def driver_of(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def insert(db: Database, *, body: str = LARGE) -> None:
    """Insert two rows in one transaction; the second does not fit."""
    with db.transaction() as connection:
        connection.execute(INSERT, {"id": 2, "body": SMALL})
        connection.execute(INSERT, {"id": 3, "body": body})


# ---- ways to fail: each provokes an error within the block and removes its cause at the end ------------------------------------------


@contextmanager
def pages_used_up(db: Database) -> Iterator[None]:
    with db.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    yield
    with db.read() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")


@contextmanager
def file_size_limit(db: Database) -> Iterator[None]:
    assert db.path is not None
    log = db.path.with_name(db.path.name + "-wal")
    with no_file_may_grow([psutil.Process()], log.stat().st_size + 8192):
        yield


@contextmanager
def interrupted(db: Database) -> Iterator[None]:
    with db.read() as connection:
        driver = driver_of(connection)
    is_over = threading.Event()

    def interrupt_again_and_again() -> None:
        while not is_over.wait(0.2):
            driver.interrupt()

    thread = threading.Thread(target=interrupt_again_and_again)
    thread.start()
    yield
    is_over.set()
    thread.join()


@contextmanager
def locked(db: Database) -> Iterator[None]:
    other = Database(db.options)
    with other.transaction() as connection:
        connection.execute(text("UPDATE things SET id = id"))
        yield
    other.close()


@contextmanager
def queries_only(db: Database) -> Iterator[None]:
    def forbid_writes(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    with db.read() as connection:
        forbid_writes(driver_of(connection), None)
    event.listen(db.engine(), "connect", forbid_writes)
    yield
    event.remove(db.engine(), "connect", forbid_writes)
    with db.read() as connection:
        connection.exec_driver_sql("PRAGMA query_only = OFF")


def raising(code: str) -> Callable[[Database], object]:
    @contextmanager
    def raises(db: Database) -> Iterator[None]:
        with db.transaction() as connection:
            connection.exec_driver_sql(RAISE.format(code))
        yield
        with db.transaction() as connection:
            connection.exec_driver_sql("DROP TRIGGER refuse ON things")

    return raises


@contextmanager
def temporary_files_limited(db: Database) -> Iterator[None]:
    with db.read() as connection:
        connection.exec_driver_sql("SET temp_file_limit = '64kB'; SET work_mem = '64kB'")
    yield
    with db.read() as connection:
        connection.exec_driver_sql("RESET temp_file_limit; RESET work_mem")


def sort(db: Database) -> None:
    with db.transaction() as connection:
        connection.execute(INSERT, {"id": 2, "body": SMALL})
        connection.exec_driver_sql("SELECT i, repeat('x', 100) FROM generate_series(1, 100000) AS i ORDER BY i DESC OFFSET 99999")


def insert_for_ever(db: Database) -> None:
    with db.transaction() as connection:
        connection.exec_driver_sql(ENDLESS)


def insert_twice(db: Database) -> None:
    with db.transaction() as connection:
        connection.execute(INSERT, {"id": 1, "body": SMALL})


@contextmanager
def nothing(db: Database) -> Iterator[None]:
    yield


@dataclass(frozen=True)
class Case:
    engine: str
    way: Callable[[Database], object]
    act: Callable[[Database], None]
    kind: ErrorKind
    is_unavailable: bool = True

    def __str__(self) -> str:
        return f"{self.engine}: {self.way.__name__} is {self.kind.name}"


def postgres(code: str, kind: ErrorKind, is_unavailable: bool = True) -> object:
    case = Case("postgres", raising(code), insert, kind, is_unavailable)
    return pytest.param("postgres", case, id=f"postgres: {code} is {kind.name}")


CASES = [
    *(
        pytest.param(case.engine, case, id=str(case))
        for case in (
            Case("sqlite", pages_used_up, insert, ErrorKind.FULL),
            Case("sqlite", file_size_limit, insert, ErrorKind.WRITE_FAILED),
            Case("sqlite", interrupted, insert_for_ever, ErrorKind.BUSY),
            Case("sqlite", locked, insert, ErrorKind.BUSY),
            Case("sqlite", queries_only, insert, ErrorKind.READ_ONLY),
            Case("sqlite", nothing, insert_twice, ErrorKind.STATEMENT, is_unavailable=False),
            Case("postgres", temporary_files_limited, sort, ErrorKind.EXHAUSTED),
            Case("postgres", nothing, insert_twice, ErrorKind.STATEMENT, is_unavailable=False),
        )
    ),
    postgres("53100", ErrorKind.FULL),
    postgres("53200", ErrorKind.EXHAUSTED),
    postgres("25006", ErrorKind.READ_ONLY),
    postgres("57014", ErrorKind.BUSY),
    postgres("40001", ErrorKind.BUSY),
    postgres("55P03", ErrorKind.BUSY),
    postgres("42501", ErrorKind.FORBIDDEN, is_unavailable=False),
    postgres("42P01", ErrorKind.NO_TABLE, is_unavailable=False),
]


@pytest.fixture
def db(empty_backend: Backend) -> Iterator[Database]:
    """A database in WAL mode with one row, one connection, and a breaker that opens at once."""
    database.execute_db("CREATE TABLE things (id BIGINT PRIMARY KEY, body TEXT)")
    db = Database(
        replace(DatabaseOptions(empty_backend.url), breaker_failures=1, breaker_seconds=300, pool_size=1, max_overflow=0, lock_timeout=0.1)
    )
    if empty_backend.is_sqlite:
        with db.read() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    with db.transaction() as connection:
        connection.execute(INSERT, {"id": 1, "body": SMALL})
    yield db
    db.close()


def count(db: Database) -> int:
    with db.read() as connection:
        rows = int(connection.execute(COUNT).scalar_one())
    with db.reader() as lean:
        assert lean.execute(COUNT, {}).first() == (rows,)
    return rows


def assert_whole(db: Database) -> None:
    """Check that a failed transaction left no rows, and the breaker refuses no caller."""
    assert count(db) == 1
    assert (db.breaker.state, db.breaker.failures) == ("closed", 0)


@pytest.mark.parametrize(("engine", "case"), CASES, indirect=["engine"])
def test_an_error_that_leaves_the_database_there(db: Database, case: Case) -> None:
    with case.way(db):  # type: ignore[attr-defined]
        for _ in range(3):
            with pytest.raises(exc.DBAPIError) as caught:
                case.act(db)
            assert kind_of(caught.value) is case.kind, caught.value
            assert database.is_unavailable(caught.value) is case.is_unavailable
            assert not database.is_lost(caught.value)
            assert_whole(db)
    replaced = 3 if case.kind is ErrorKind.READ_ONLY else 0  # a connection that cannot write may stay so when others can
    assert db.status().events["invalidations"] == replaced
    assert bool(db.refused_write) is refuses_writes(caught.value)
    with db.transaction() as connection:  # it works as soon as the cause is removed
        connection.execute(INSERT, {"id": 3, "body": LARGE})
    assert count(db) == 2
    assert db.status().events["connects"] == 1 + replaced


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_transaction_that_sqlite_has_ended_by_itself_is_not_rolled_back(db: Database) -> None:
    """An error of the rollback would hide the first error and count as an absence of the database."""
    statements: list[str] = []
    drivers: list[sqlite3.Connection] = []

    def write(body: str) -> None:
        with db.transaction() as connection:
            drivers.append(driver_of(connection))
            drivers[-1].set_trace_callback(statements.append)
            connection.execute(INSERT, {"id": 2, "body": body})
            raise ZeroDivisionError

    with pages_used_up(db), pytest.raises(exc.OperationalError, match="disk is full"):
        write(LARGE)
    assert not drivers[-1].in_transaction
    assert "ROLLBACK" not in statements
    with pytest.raises(ZeroDivisionError):
        write(SMALL)  # an open transaction is rolled back
    assert "ROLLBACK" in statements


def test_a_disk_that_is_full(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite on a full disk: at a commit, in a new connection, and when the log file must be created again."""
    with small_disk(4) as disk:
        db = Database(DatabaseOptions(f"sqlite:///{disk.folder}/x.db", breaker_failures=1, breaker_seconds=300))
        with db.read() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        with db.transaction() as connection:
            connection.exec_driver_sql("CREATE TABLE things (id BIGINT PRIMARY KEY, body TEXT)")
            connection.execute(INSERT, {"id": 1, "body": SMALL})
        disk.fill()
        with pytest.raises(exc.OperationalError) as caught:
            insert(db)
        assert kind_of(caught.value) is ErrorKind.FULL
        assert_whole(db)
        with db.read(), db.read() as new:
            assert new.execute(COUNT).scalar_one() == 1
        disk.free()
        insert(db)
        assert count(db) == 3
        db.close()  # SQLite removes the log with the last connection
        disk.fill()
        for use in (count, insert):
            with pytest.raises(exc.OperationalError) as caught:
                use(db)
            assert kind_of(caught.value) is ErrorKind.FULL, caught.value
        assert db.breaker.state == "closed"
        disk.free()
        assert count(db) == 3
        db.close()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_connections_to_a_file_are_never_replaced(empty_backend: Backend) -> None:
    """SQLite removes its log with the last connection; on a full disk it could not create the log again."""
    db = Database(replace(DatabaseOptions(empty_backend.url), pool_recycle=0, pool_size=1, max_overflow=0))
    for _ in range(3):
        db.ping()
    assert db.status().events["connects"] == 1
    db.close()


# ---- words -------------------------------------------------------------------------------------------------------------------------

NOBODY = [
    pytest.param("{role}:wrong@", "own", "refuses the user or the password", id="a wrong password"),
    pytest.param("nobody_of_this_name:x@", "own", "refuses the user or the password", id="no such user"),
    pytest.param("postgres:@", "no_such_database", "no such database", id="no such database"),
]


ROLE = "guarded"


@pytest.fixture(scope="module")
def guarded() -> Iterator[OwnPostgres]:
    """A server with an account that has a password."""
    with own_postgres() as server:
        server.require_password(ROLE, "right")
        yield server


@pytest.mark.parametrize(("account", "name", "words"), NOBODY)
def test_what_waiting_does_not_mend_is_told_at_the_first_attempt(guarded: OwnPostgres, account: str, name: str, words: str) -> None:
    db = Database(DatabaseOptions(guarded.url_as(account.format(role=ROLE), name), connect_attempts=5))
    with pytest.raises(exc.OperationalError) as caught:
        db.connect(wait=lambda _: pytest.fail("it waited"))
    assert words in explanation_of(caught.value).found
    assert "DATABASE_URL" in str(explanation_of(caught.value).remedy)
    db.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("postgresql://u:hunter2@nosuch.invalid/x", "No machine is known", id="no such host"),
        pytest.param("postgresql://u:hunter2@127.0.0.1:1/x", "Nothing listens", id="a closed port"),
        pytest.param("postgresql://u:hunter2@/x?host=/nowhere", "Nothing listens", id="no such socket"),
        pytest.param("postgresql://u:hunter2@127.0.0.1:1/x?sslmode=perhaps", "options in DATABASE_URL", id="a wrong option"),
        pytest.param("postgresql://u:hunter2@127.0.0.1:1/x?no_such_option=1", "options in DATABASE_URL", id="no such option"),
    ],
)
def test_why_no_connection_is_made(url: str, words: str) -> None:
    db = Database(DatabaseOptions(url, connect_attempts=1))
    with pytest.raises(exc.DBAPIError) as caught:
        db.connect()
    text = explain(caught.value)
    assert words in text
    assert "DATABASE_URL" in text
    for unwanted in ("sqlalche.me", "hunter2", "\n"):
        assert unwanted not in text


def test_of_a_host_with_two_addresses_both_failures_are_heard() -> None:
    class Refused(Exception):
        pgcode = None

    reason = 'connection to server at "h" (::1), port 5432 failed: Connection refused\n'
    reason += 'connection to server at "h" (127.0.0.1), port 5432 failed: FATAL:  password authentication failed for user "u"\n'
    error = exc.OperationalError("", {}, Refused(reason))
    assert "password" in explanation_of(error).found
    assert "\n" not in reason_of(error)


def test_the_pool_and_the_breaker_are_explained_without_a_link(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("pool")
    db = Database(DatabaseOptions(f"sqlite:///{folder}/x.db", pool_size=1, max_overflow=0, pool_timeout=0.01))
    with db.read(), pytest.raises(exc.TimeoutError) as caught:
        db.read()
    db.close()
    for error, words in ((caught.value, "DB_POOL_SIZE"), (database.DatabaseSuspended(2.0), "tried again in 2.0 s")):
        assert words in explain(error)
        assert "sqlalche.me" not in explain(error)


def test_every_kind_is_explained_and_names_nobody() -> None:
    assert set(EXPLANATIONS) == set(ErrorKind)
    for kind, explanation in EXPLANATIONS.items():
        assert explanation.found.endswith("."), kind
        assert explanation.remedy or kind is ErrorKind.STATEMENT
