"""The database seam: autocommit reads, whole transactions, time zones, the pool, forks and kills."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from kit.databases import Backend
from kit.paths import ROOT
from kit.support import settings_for
from sqlalchemy import exc, text

import database
from database import Database, DatabaseOptions
from infrastructure.sql.transaction import after_commit

ADD = text("INSERT INTO things (id, created_at) VALUES (:id, :created_at)")
CUT_THE_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
COUNT = text("SELECT count(*) FROM things")
MOMENT = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)


@pytest.fixture
def things(empty_backend: Backend) -> Backend:
    """A database with one table."""
    database.execute_db("CREATE TABLE things (id BIGINT PRIMARY KEY, created_at TIMESTAMPTZ, day DATE, raw BYTEA)")
    return empty_backend


def count() -> int:
    with database.read() as connection:
        return int(connection.execute(COUNT).scalar_one())


def test_a_transaction_commits_whole(things: Backend) -> None:
    with database.transaction() as connection:
        connection.execute(ADD, [{"id": number, "created_at": MOMENT} for number in range(3)])
    assert count() == 3


def test_one_statement_is_a_transaction_by_itself(things: Backend) -> None:
    with pytest.raises(exc.IntegrityError), database.current().one_statement() as connection:
        connection.execute(text("INSERT INTO things (id) VALUES (1), (2), (1)"))
    assert count() == 0, "a statement that fails half-way leaves nothing"
    with database.current().one_statement() as connection:
        connection.execute(ADD, {"id": 1, "created_at": MOMENT})
        assert count() == 1, "another connection sees it at once"


def test_an_exception_leaves_nothing(things: Backend) -> None:
    def fail_half_way() -> None:
        with database.transaction() as connection:
            connection.execute(ADD, {"id": 1, "created_at": MOMENT})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert count() == 0
    with database.transaction() as connection:  # the connection can be used again
        connection.execute(ADD, {"id": 1, "created_at": MOMENT})
    assert count() == 1


def test_what_waits_for_the_commit_is_done_after_it_or_never(things: Backend) -> None:
    seen: list[int] = []

    def add_and_fail() -> None:
        with database.transaction() as connection:
            connection.execute(ADD, {"id": 1, "created_at": MOMENT})
            after_commit(connection, lambda: seen.append(count()))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        add_and_fail()
    with database.transaction() as connection:
        connection.execute(ADD, {"id": 1, "created_at": MOMENT})
        after_commit(connection, lambda: seen.append(count()))
        assert seen == []
    assert seen == [1]
    with database.read() as connection:
        after_commit(connection, lambda: seen.append(2))
    assert seen == [1, 2], "without a transaction there is nothing to wait for"


def test_a_killed_process_leaves_nothing(things: Backend, tmp_path: Path) -> None:
    script = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
import database
from database import DatabaseOptions
from sqlalchemy import text
database.configure(DatabaseOptions(url=sys.argv[1]))
with database.transaction() as connection:
    connection.execute(text("INSERT INTO things (id) VALUES (1)"))
    print("inside", flush=True)
    sys.stdin.read()
"""
    process = subprocess.Popen([sys.executable, "-c", script, things.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"inside\n"
    process.kill()
    process.communicate()
    assert count() == 0
    with database.transaction() as connection:  # no lock is left behind
        connection.execute(ADD, {"id": 1, "created_at": MOMENT})


def test_types_come_back_as_they_went_in(things: Backend) -> None:
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    with database.transaction() as connection:
        connection.execute(
            text("INSERT INTO things VALUES (:id, :created_at, :day, :raw)"),
            {"id": 2**40, "created_at": elsewhere, "day": date(2000, 6, 21), "raw": b"\x00\xff"},
        )
    row = database.query_db("SELECT id, created_at, day, raw FROM things", one=True)
    assert (row["id"], row["day"], bytes(row["raw"])) == (2**40, date(2000, 6, 21), b"\x00\xff")
    assert row["created_at"] == MOMENT
    assert row["created_at"].utcoffset() == timedelta(0)


def test_times_sort_and_compare(things: Backend) -> None:
    whole_second = MOMENT.replace(microsecond=0)
    with database.transaction() as connection:
        for number, created_at in enumerate([MOMENT, whole_second, MOMENT + timedelta(seconds=1)]):
            connection.execute(ADD, {"id": number, "created_at": created_at})
    rows = database.query_db("SELECT id FROM things WHERE created_at <= :limit ORDER BY created_at", {"limit": MOMENT})
    assert [row["id"] for row in rows] == [1, 0]


@pytest.mark.parametrize("many", [False, True], ids=["one row", "many rows"])
def test_a_naive_time_is_an_error(things: Backend, many: bool) -> None:
    naive = {"id": 1, "created_at": datetime(2026, 1, 1)}  # noqa: DTZ001 — the point of the test
    with pytest.raises((ValueError, exc.StatementError), match="naive"), database.transaction() as connection:
        connection.execute(ADD, [naive, {**naive, "id": 2}] if many else naive)
    assert count() == 0


def test_the_lean_reader_reads_as_the_other_does(things: Backend) -> None:
    statement = text("SELECT id, created_at, day, raw, '100%' FROM things WHERE id >= :least AND id <> :other AND :least < 9 ORDER BY id")
    with database.transaction() as connection:
        connection.execute(ADD, [{"id": number, "created_at": MOMENT} for number in range(4)])
    with database.reader() as lean, database.read() as connection:
        rows = list(lean.execute(statement, {"least": 1, "other": 2}))
        assert rows == [tuple(row) for row in connection.execute(statement, {"least": 1, "other": 2})]
        assert [row[0] for row in rows] == [1, 3]
        assert lean.execute(statement, {"least": 8, "other": 2}).first() is None
        with pytest.raises((ValueError, exc.StatementError), match="naive"):
            lean.execute(text("SELECT 1 WHERE :created_at = :created_at"), {"created_at": datetime(2026, 1, 1)})  # noqa: DTZ001
    with database.reader() as lean, pytest.raises(exc.DBAPIError) as caught:
        lean.execute(text("SELECT nothing FROM nowhere"), {})
    assert not database.is_unavailable(caught.value)
    assert database.current().status().in_use == 0


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_the_lean_reader_notices_a_lost_connection(things: Backend) -> None:
    statement = text("SELECT count(*) FROM things")
    with database.reader() as lean:
        lean.execute(statement, {})
    with database.current().read_only() as connection:
        connection.exec_driver_sql(CUT_THE_OTHERS)
    with database.reader() as lean, pytest.raises(exc.OperationalError) as caught:
        lean.execute(statement, {})
    assert database.is_unavailable(caught.value)
    with database.reader() as lean:
        assert lean.execute(statement, {}).first() == (0,)


def test_seed_names(things: Backend) -> None:
    assert database.execute_db("INSERT INTO things (id) VALUES (:id)", {"id": 7}) == 1
    assert database.execute_db("UPDATE things SET id = 8 WHERE id = :id", {"id": 9}) == 0
    assert database.query_db("SELECT id FROM things") == [{"id": 7}]
    assert database.query_db("SELECT id FROM things WHERE id = 0", one=True) is None
    calls: list[str] = []
    database.init_db_if_needed(lambda: calls.append("migrated"))
    assert calls == ["migrated"]
    database.close_db()
    database.close_db()
    assert database.query_db("SELECT id FROM things", one=True) == {"id": 7}


def test_nothing_opens_before_it_is_used(tmp_path: Path) -> None:
    configured = database.configure(DatabaseOptions(url=f"sqlite:///{tmp_path}/unused/x.db"))
    assert not (tmp_path / "unused").exists()
    configured.engine()
    assert configured.status().events["connects"] == 0
    database.close()


def test_importing_opens_nothing(tmp_path: Path) -> None:
    script = (
        f"import sys, os; sys.path.insert(0, {str(ROOT)!r}); import wsgi, db_migrations, features.accounts.commands; print(os.listdir('.'))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_pool_counts_and_refuses_when_it_is_full(things: Backend, tmp_path: Path) -> None:
    configured = database.configure(settings_for(things.url, tmp_path, db_pool_size=1, db_max_overflow=1, db_pool_timeout=0.1))
    with database.read(), database.read():
        assert (configured.status().in_use, configured.status().events["connects"]) == (2, 2)
        with pytest.raises(exc.TimeoutError) as caught, database.read():
            pass
        assert database.is_unavailable(caught.value)
    status = configured.status()
    assert (status.in_use, status.events["timeouts"], status.events["checkouts"]) == (0, 1, 2)


def test_only_a_connection_that_lay_idle_is_pinged(things: Backend, tmp_path: Path) -> None:
    busy = database.configure(settings_for(things.url, tmp_path, db_ping_after_idle=60))
    for _ in range(5):
        busy.ping()
    assert busy.status().events["pings"] == 0
    idle = database.configure(settings_for(things.url, tmp_path, db_ping_after_idle=0))
    for _ in range(5):
        idle.ping()
    assert idle.status().events["pings"] == 4


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_an_idle_connection_that_died_is_replaced(things: Backend, tmp_path: Path) -> None:
    configured = database.configure(settings_for(things.url, tmp_path, db_ping_after_idle=0))
    configured.ping()
    with configured.read_only() as connection:
        connection.exec_driver_sql(CUT_THE_OTHERS)
    assert count() == 0
    assert configured.status().events["invalidations"] == 1


def test_a_forked_child_has_connections_of_its_own(things: Backend) -> None:
    with database.read() as connection:
        connection.execute(COUNT)
        child = os.fork()
        if child == 0:
            try:
                database.execute_db("INSERT INTO things (id) VALUES (1)")
                os._exit(0 if database.current().status().events["connects"] == 2 else 3)
            except BaseException:  # noqa: BLE001 — a child must not run the test runner's exit
                os._exit(4)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert connection.execute(COUNT).scalar_one() == 1  # the parent's connection still works


def test_writers_wait_for_each_other(things: Backend) -> None:
    def add(start: int) -> None:
        for number in range(start, start + 25):
            with database.transaction() as connection:
                rows = connection.execute(COUNT).scalar_one()
                connection.execute(ADD, {"id": number, "created_at": MOMENT + timedelta(seconds=int(rows))})

    threads = [threading.Thread(target=add, args=(100 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count() == 100


def test_connecting_retries_with_growing_pauses() -> None:
    pauses: list[float] = []
    nobody_listens = DatabaseOptions(url="postgresql://u:hunter2@127.0.0.1:1/x", connect_attempts=8)
    unreachable = Database(nobody_listens)
    with pytest.raises(exc.OperationalError) as caught:
        unreachable.connect(wait=pauses.append)
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert database.is_unavailable(caught.value)
    assert "hunter2" not in unreachable.description
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_connecting_does_not_retry_what_waiting_cannot_mend(empty_backend: Backend) -> None:
    url = database.normalize_url(empty_backend.url).set(database="no_such_database")
    other = Database(DatabaseOptions(url=url.render_as_string(hide_password=False), connect_attempts=5))
    with pytest.raises(exc.OperationalError, match="does not exist"):
        other.connect(wait=lambda _: pytest.fail("it waited"))


def test_reads_only_writes_nothing(things: Backend) -> None:
    with database.current().read_only() as connection:
        assert connection.execute(COUNT).scalar_one() == 0
        with pytest.raises(exc.DBAPIError, match=r"read-?only"):
            connection.execute(text("INSERT INTO things (id) VALUES (1)"))


@pytest.mark.parametrize("url", ["postgres://u:p@h/d", "postgresql://u:p@h/d", "postgresql+psycopg2://u:p@h/d"])
def test_every_spelling_of_postgres_names_the_driver(url: str) -> None:
    assert database.normalize_url(url).drivername == "postgresql+psycopg2"


def test_a_faulty_statement_is_not_unavailability(things: Backend) -> None:
    for statement in ("SELECT nothing FROM things", "SELECT 1 FROM nowhere", "SELEC 1"):
        with pytest.raises(exc.DBAPIError) as caught:
            database.query_db(statement)
        assert not database.is_unavailable(caught.value), statement


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_postgres_sessions_are_in_utc_and_time_out_in_idle_transactions(empty_backend: Backend) -> None:
    assert database.query_db("SHOW timezone", one=True) == {"TimeZone": "UTC"}
    assert database.query_db("SHOW idle_in_transaction_session_timeout", one=True) == {"idle_in_transaction_session_timeout": "1min"}
