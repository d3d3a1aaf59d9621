"""Migrations: each is applied once, completely or not at all, with any number of processes and runs."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kit.databases import Backend, Postgres
from kit.paths import ROOT
from kit.support import settings_for
from sqlalchemy import exc

import database
import db_migrations
from database import Database, DatabaseOptions
from db_migrations import MigrationError
from models.migration import LedgerRow, Migration, SchemaState, SchemaStatus, compare
from utils.clock import now


class Folder:
    """A folder of migration files that a test writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(exist_ok=True)

    def write(self, name: str, script: str) -> None:
        (self.path / name).write_text(script)

    def up(self) -> list[Migration]:
        return db_migrations.up(self.path)

    def ensure(self, auto_migrate: bool) -> SchemaStatus:
        return db_migrations.ensure_schema(auto_migrate, folder=self.path)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "migrations")
    folder.write("0001_parents.sql", "CREATE TABLE parents (id BIGINT PRIMARY KEY, name TEXT);")
    folder.write("0002_children.sql", "CREATE TABLE children (id BIGINT PRIMARY KEY, parent_id BIGINT NOT NULL REFERENCES parents (id));")
    return folder


def tables() -> set[str]:
    """The tables of the configured database."""
    with database.read() as connection:
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        else:
            rows = connection.exec_driver_sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        return set(rows.scalars())


def run_command(backend: Backend, *arguments: str, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """`python db_migrations.py …` as a user runs it."""
    environment = {"PATH": "/usr/bin:/bin", "DATABASE_URL": backend.url, "ENVIRONMENT": "test", "LOG_LEVEL": "warning", **variables}
    command = [sys.executable, str(ROOT / "db_migrations.py"), *arguments]
    return subprocess.run(command, env=environment, cwd=cwd or ROOT, capture_output=True, text=True, check=False)


def files_of(backend: Backend) -> dict[str, str]:
    """Every file of an SQLite database with its digest."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in backend.path.parent.glob("*.db*")}


def test_the_product_migrates_an_empty_database(empty_backend: Backend) -> None:
    applied = db_migrations.up()
    assert [migration.version for migration in applied] == list(range(1, len(applied) + 1))
    ledger = database.query_db("SELECT * FROM db_version ORDER BY version")
    assert list(ledger[0]) == ["version", "name", "checksum", "applied_at", "duration_ms", "app_version"]
    assert [row["version"] for row in ledger] == [migration.version for migration in applied]
    assert abs((now() - ledger[0]["applied_at"]).total_seconds()) < 60
    with database.read() as connection:
        assert db_migrations.schema_status(connection).state is SchemaState.CURRENT
        assert db_migrations.missing_tables(connection) == []
    assert db_migrations.up() == []
    if empty_backend.is_sqlite:
        assert database.query_db("PRAGMA journal_mode", one=True) == {"journal_mode": "wal"}


def test_eight_processes_at_once_apply_each_step_once(empty_backend: Backend, folder: Folder, tmp_path: Path) -> None:
    for number in range(3, 9):
        folder.write(f"000{number}_step.sql", f"CREATE TABLE step_{number} (id BIGINT); INSERT INTO parents VALUES ({number}, 'x');")
    database.close()
    script = f"""
import sys, pathlib; sys.path.insert(0, {str(ROOT)!r})
import database, db_migrations
from database import DatabaseOptions
database.configure(DatabaseOptions(url=sys.argv[1]))
sys.stdin.readline()
print(len(db_migrations.up(pathlib.Path(sys.argv[2]))))
"""
    command = [sys.executable, "-W", "error", "-c", script, empty_backend.url, str(folder.path)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(8)
    ]
    for process in processes:  # all processes have started: let them continue
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    outcomes = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * 8, outcomes
    assert sum(int(out.split()[-1]) for out, _ in outcomes) == 8
    assert database.query_db("SELECT count(*) AS n FROM parents", one=True) == {"n": 6}
    assert database.query_db("SELECT count(*) AS n FROM db_version", one=True) == {"n": 8}


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param(
            "CREATE TABLE more (id BIGINT); INSERT INTO parents VALUES (1, 'a'); SELECT nothing FROM nowhere;", "statement 3", id="fault"
        ),
        pytest.param("CREATE TABLE more (id BIGINT); COMMIT; SELECT 1 FROM nowhere;", "one transaction", id="a COMMIT of its own"),
        pytest.param(
            "CREATE TABLE more (id BIGINT); INSERT INTO more SELECT id FROM parents; INSERT INTO children VALUES (1, 99);",
            "parent row|foreign key",
            id="orphan",
        ),
    ],
)
def test_a_migration_that_fails_half_way_leaves_the_old_schema_whole(
    empty_backend: Backend, folder: Folder, script: str, words: str
) -> None:
    folder.up()
    before = tables()
    folder.write("0003_fails.sql", script)
    with pytest.raises(MigrationError, match=words):
        folder.up()
    assert tables() == before
    assert database.query_db("SELECT count(*) AS n FROM parents", one=True) == {"n": 0}
    assert database.query_db("SELECT max(version) AS n FROM db_version", one=True) == {"n": 2}
    folder.write("0003_fails.sql", "CREATE TABLE more (id BIGINT);")  # the migrations go on with the repaired file
    assert [migration.version for migration in folder.up()] == [3]
    with pytest.raises(exc.IntegrityError):  # foreign keys are enforced again
        database.execute_db("INSERT INTO children VALUES (1, 99)")


def test_a_table_can_be_rebuilt_under_its_children(empty_backend: Backend, folder: Folder) -> None:
    folder.up()
    database.execute_db("INSERT INTO parents VALUES (1, 'a')")
    database.execute_db("INSERT INTO children VALUES (1, 1)")
    folder.write(
        "0003_rebuild.sqlite.sql",
        "CREATE TABLE new_parents (id BIGINT PRIMARY KEY, name TEXT NOT NULL);\n"
        "INSERT INTO new_parents SELECT id, name FROM parents;\nDROP TABLE parents;\nALTER TABLE new_parents RENAME TO parents;",
    )
    folder.write("0003_rebuild.postgres.sql", "ALTER TABLE parents ALTER COLUMN name SET NOT NULL;")
    folder.up()
    assert database.query_db("SELECT parent_id FROM children") == [{"parent_id": 1}]
    with database.read() as connection:
        assert db_migrations.missing_tables(connection, folder.path) == []
    with pytest.raises(exc.IntegrityError):
        database.execute_db("INSERT INTO parents VALUES (2, NULL)")


def test_percent_signs_colons_and_semicolons_in_texts(empty_backend: Backend, folder: Folder) -> None:
    folder.write("0003_text.sql", "INSERT INTO parents VALUES (1, '100% :name; -- it''s'); -- a comment; with one\n/* and; */ ;")
    folder.up()
    assert database.query_db("SELECT name FROM parents", one=True) == {"name": "100% :name; -- it's"}


def test_an_up_to_date_worker_pays_one_select(backend: Backend) -> None:
    from sqlalchemy import event

    statements: list[str] = []
    event.listen(database.current().engine(), "before_cursor_execute", lambda *a: (statements.append(a[2]), (a[2], a[3]))[1], retval=True)
    db_migrations.ensure_schema(auto_migrate=True)
    assert [statement.split()[0] for statement in statements] == ["SELECT"]


# ---- the state of a database ------------------------------------------------------------------------------------------------------


def migration(version: int, checksum: str = "a") -> Migration:
    return Migration(version, f"m{version}", Path(f"{version:04d}_m{version}.sql"), "", checksum)


def row(version: int, checksum: str = "a", name: str | None = None) -> LedgerRow:
    return LedgerRow(version, name or f"m{version}", checksum, now())


FILES = (migration(1), migration(2), migration(3))


@pytest.mark.parametrize(
    ("applied", "state", "served", "words"),
    [
        pytest.param((1, 2, 3), SchemaState.CURRENT, True, "at version 0003", id="all applied"),
        pytest.param((), SchemaState.BEHIND, False, "0001_m1, 0002_m2, 0003_m3", id="nothing applied"),
        pytest.param((1,), SchemaState.BEHIND, False, "db_migrations.py up", id="some applied"),
        pytest.param((1, 2, 3, 4), SchemaState.AHEAD, True, "0004_m4", id="newer code was here"),
        pytest.param((1, 2, 3, (4, "a", "drop_x_breaking")), SchemaState.AHEAD, False, "newer", id="newer code broke with this"),
        pytest.param((1, (2, "b", None), 3), SchemaState.DIVERGED, False, "0002_m2.sql was changed", id="a changed file"),
        pytest.param((1, 3), SchemaState.DIVERGED, False, "0002_m2 was never applied", id="one slipped in before"),
        pytest.param((1, 2, 4), SchemaState.DIVERGED, False, "0003_m3 was never applied", id="ahead and behind at once"),
    ],
)
def test_standing(applied: tuple[Any, ...], state: SchemaState, served: bool, words: str) -> None:
    status = compare(FILES, tuple(row(entry) if isinstance(entry, int) else row(*entry) for entry in applied))
    assert (status.state, status.can_be_served) == (state, served)
    assert words in str(status)
    assert state in str(status)


def test_a_missing_file_of_an_applied_migration(empty_backend: Backend, folder: Folder) -> None:
    status = compare((migration(1), migration(3)), (row(1), row(2), row(3)))
    assert (status.state, status.drift) == (SchemaState.DIVERGED, ("0002_m2 was applied but its file is missing",))


def test_who_refuses_a_database_that_is_ahead(empty_backend: Backend, folder: Folder) -> None:
    folder.write("0003_newer.sql", "CREATE TABLE newer (id BIGINT);")
    folder.up()
    (folder.path / "0003_newer.sql").unlink()
    with pytest.raises(MigrationError, match="ahead"):
        folder.up()
    assert folder.ensure(auto_migrate=True).state is SchemaState.AHEAD
    folder.write("0003_newer.sql", "CREATE TABLE newer (id BIGINT);")
    folder.write("0004_drop_breaking.sql", "DROP TABLE newer;")
    folder.up()
    (folder.path / "0003_newer.sql").unlink()
    (folder.path / "0004_drop_breaking.sql").unlink()
    with pytest.raises(MigrationError, match="ahead"):
        folder.ensure(auto_migrate=True)


def test_without_auto_migrate_a_worker_behind_refuses(empty_backend: Backend, folder: Folder) -> None:
    with pytest.raises(MigrationError, match="behind"):
        folder.ensure(auto_migrate=False)
    assert tables() == set()
    folder.up()
    assert folder.ensure(auto_migrate=False).state is SchemaState.CURRENT


def test_drift_is_named_and_repaired(empty_backend: Backend, folder: Folder) -> None:
    folder.up()
    folder.write("0001_parents.sql", "-- explained\nCREATE TABLE parents (id BIGINT PRIMARY KEY, name TEXT);")
    for refused in (folder.up, lambda: folder.ensure(auto_migrate=True)):
        with pytest.raises(MigrationError, match=r"0001_parents\.sql was changed"):
            refused()
    assert [migration.version for migration in db_migrations.repair(folder.path)] == [1]
    assert db_migrations.repair(folder.path) == []
    assert folder.up() == []


def test_line_ends_are_no_change(empty_backend: Backend, folder: Folder) -> None:
    folder.write("0003_lines.sql", "CREATE TABLE lines (\n id BIGINT\n);\n")
    folder.up()
    (folder.path / "0003_lines.sql").write_bytes(b"CREATE TABLE lines (\r\n id BIGINT\r\n);\r\n")
    assert folder.up() == []


def test_baseline_is_for_a_database_that_has_the_schema_but_no_ledger(empty_backend: Backend, folder: Folder) -> None:
    database.execute_db("CREATE TABLE parents (id BIGINT PRIMARY KEY, name TEXT)")
    with pytest.raises(MigrationError, match="no migration 9"):
        db_migrations.baseline(9, folder.path)
    assert [migration.version for migration in db_migrations.baseline(1, folder.path)] == [1]
    assert [migration.version for migration in folder.up()] == [2]
    with pytest.raises(MigrationError, match="ledger already"):
        db_migrations.baseline(2, folder.path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("3_short.sql", "not a valid name", id="a short number"),
        pytest.param("0002_twin.sql", "same number", id="a number twice"),
        pytest.param("0009_far.sql", "gap", id="a gap"),
    ],
)
def test_misnamed_files_are_refused(empty_backend: Backend, folder: Folder, name: str, words: str) -> None:
    folder.write(name, "SELECT 1;")
    with pytest.raises(MigrationError, match=words):
        folder.up()
    assert tables() == set()


def test_another_process_that_holds_the_lock_is_waited_for_and_named(empty_backend: Backend, folder: Folder, tmp_path: Path) -> None:
    with db_migrations.migration_lock():
        other = Database(DatabaseOptions.of(settings_for(empty_backend.url, tmp_path, migration_lock_timeout=1)))
        with pytest.raises(MigrationError, match="Another process"):
            db_migrations.up(folder.path, other)
        other.close()
    assert len(folder.up()) == 2


# ---- the command ------------------------------------------------------------------------------------------------------------------


def test_the_command_brings_a_database_up_to_date(empty_backend: Backend) -> None:
    first = run_command(empty_backend)
    assert (first.returncode, "applied 0001_initial" in first.stdout, "current" in first.stdout) == (0, True, True), first
    again = run_command(empty_backend, "up")
    assert (again.returncode, again.stdout.count("applied")) == (0, 0)
    status = run_command(empty_backend, "status")
    assert re.search(r"applied  0001_initial  \d{4}-\d\d-\d\d", status.stdout)
    verify = run_command(empty_backend, "verify")
    assert (verify.returncode, "Every checksum matches" in verify.stdout) == (0, True)


def test_verify_names_a_missing_table(backend: Backend) -> None:
    database.execute_db("DROP TABLE watchlist_items")
    done = run_command(backend, "verify")
    assert (done.returncode, "watchlist_items" in done.stdout) == (1, True)


def test_looking_writes_nothing(empty_backend: Backend) -> None:
    before = files_of(empty_backend) if empty_backend.is_sqlite else tables()
    plan = run_command(empty_backend, "plan")
    assert plan.returncode == 0
    assert "CREATE TABLE analysis_results" in plan.stdout
    assert run_command(empty_backend, "status").stdout.count("pending") >= 2
    assert run_command(empty_backend, "verify").returncode == 1
    after = files_of(empty_backend) if empty_backend.is_sqlite else tables()
    assert after == before == (before if before else type(before)())
    if empty_backend.is_sqlite:
        assert not empty_backend.path.exists()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("in_use", [False, True], ids=["closed", "in use"])
def test_looking_at_a_wal_database_makes_no_file(backend: Backend, in_use: bool) -> None:
    if in_use:
        database.execute_db("DELETE FROM watchlist_items")
    else:
        database.close()
    before = files_of(backend)
    for command in ("plan", "status", "verify"):
        assert run_command(backend, command).returncode == 0
    assert files_of(backend) == before


def test_the_command_says_what_is_wrong(empty_backend: Backend, tmp_path: Path) -> None:
    refused = run_command(empty_backend, "up", ENVIRONMENT="production")
    assert refused.returncode == 1
    assert "SECRET_KEY" in refused.stderr
    assert "Traceback" not in refused.stderr
    nowhere = Backend("postgres", "postgresql://u:hunter2@127.0.0.1:1/x")
    unreachable = run_command(nowhere, "status")
    assert unreachable.returncode == 1
    assert "127.0.0.1" in unreachable.stderr
    assert "hunter2" not in unreachable.stderr


def test_fresh_and_upgraded_schemas_are_identical(empty_backend: Backend, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Migrations one at a time and all at once give the same schema."""
    folder = Folder(tmp_path / "some")
    for path in sorted(db_migrations.FOLDER.glob("*.sql")):
        folder.write(path.name, path.read_text())
        if ".postgres." not in path.name:  # the .sqlite file follows with the same number
            db_migrations.up(folder.path)
    stepwise = schema()
    if empty_backend.is_sqlite:
        database.configure(settings_for(f"sqlite:///{tmp_path}/fresh.db", tmp_path))
        db_migrations.up()
        assert schema() == stepwise
    else:
        server = Postgres(request.getfixturevalue("postgres_server"))
        database.configure(settings_for(server.create("fresh"), tmp_path))
        try:
            db_migrations.up()
            assert schema() == stepwise
        finally:
            database.close()
            server.drop("fresh")


def schema() -> list[Any]:
    """Every column and index, described."""
    if database.current().is_sqlite:
        return database.query_db("SELECT type, name, sql FROM sqlite_master ORDER BY name")
    columns = database.query_db(
        "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns "
        "WHERE table_schema = 'public' ORDER BY 1, ordinal_position"
    )
    constraints = database.query_db("SELECT conrelid::regclass::text AS t, pg_get_constraintdef(oid) AS d FROM pg_constraint ORDER BY 1, 2")
    return [columns, constraints, database.query_db("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")]
