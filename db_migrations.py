"""Versioned migrations: `python db_migrations.py [up | status | plan | verify | baseline N | repair]`.

Migrations are numbered SQL files in migrations/: `NNNN_name.sql`, or the pair `NNNN_name.sqlite.sql` + `NNNN_name.postgres.sql` where
the engines need different statements. After a migration whose name ends in `_breaking`, older code cannot run on the schema.

The ledger is the table db_version. One lock lets one process at a time migrate (an advisory lock on Postgres, an exclusive transaction on
SQLite); a migration and its ledger row commit together. When nothing is pending, start-up costs one SELECT.

A database is `current`, `behind` (migrations are pending), `ahead` (newer code has migrated it) or `diverged` (an applied file was changed
or is missing, or a file was added before an applied one).
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from infrastructure.garbage import loading

with loading():
    import structlog
    from sqlalchemy import Connection, exc, text

    import database
    from config import VERSION, Settings
    from database import Database
    from infrastructure.entrance import run_program
    from infrastructure.sql.script import statements, table_changes, without_comments
    from infrastructure.sql.sqlite import set_wal
    from models.migration import LedgerRow, Migration, MigrationError, SchemaState, SchemaStatus, compare
    from utils.clock import now
    from utils.start_errors import explain

log = structlog.get_logger(__name__)

FOLDER = Path(__file__).parent / "migrations"
FILE_NAME = re.compile(r"(?P<version>\d{4})_(?P<name>[a-z0-9_]+?)(?:\.(?P<engine>sqlite|postgres))?\.sql")
ADVISORY_LOCK = 0x42454C4C  # any number; the same in every version of this program
TRANSACTION_CONTROL = re.compile(r"\s*(BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|START TRANSACTION)\b", re.IGNORECASE)

CREATE_LEDGER = """
CREATE TABLE IF NOT EXISTS db_version (
    version BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL,
    duration_ms BIGINT NOT NULL,
    app_version TEXT NOT NULL
)
"""
SELECT_LEDGER = text("SELECT version, name, checksum, applied_at FROM db_version ORDER BY version")
INSERT_LEDGER = text(
    """
    INSERT INTO db_version (version, name, checksum, applied_at, duration_ms, app_version)
    VALUES (:version, :name, :checksum, :applied_at, :duration_ms, :app_version)
    """
)
ADOPT_FILE = text("UPDATE db_version SET name = :name, checksum = :checksum WHERE version = :version")
SQLITE_TABLES = text("SELECT name FROM sqlite_master WHERE type = 'table'")
POSTGRES_TABLES = text("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")


# ---- reading ----------------------------------------------------------------------------------------------------------------------


def load_migrations(dialect: str, folder: Path | None = None) -> tuple[Migration, ...]:
    """The migration files for one engine (`sqlite` or `postgresql`), by number.

    Raises MigrationError for a misnamed file, a duplicate number or a missing number.
    """
    folder = folder or FOLDER
    engine = "sqlite" if dialect == "sqlite" else "postgres"
    migrations: dict[int, Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        match = FILE_NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(
                f"{path.name} is not a valid name of a migration. Call it NNNN_name.sql, NNNN_name.sqlite.sql or NNNN_name.postgres.sql."
            )
        if match["engine"] not in (None, engine):
            continue
        version = int(match["version"])
        if version in migrations:
            raise MigrationError(f"{path.name} and {migrations[version].path.name} have the same number. Renumber one.")
        # Checkouts of the same file may differ in their line ends.
        script = path.read_text(encoding="utf-8").replace("\r\n", "\n")
        migrations[version] = Migration(version, match["name"], path, script, hashlib.sha256(script.encode()).hexdigest())
    versions = sorted(migrations)
    if versions != list(range(1, len(versions) + 1)):
        raise MigrationError(f"The numbers in {folder.name}/ have a gap for {engine}: {versions}. Every number from 1 needs its file.")
    return tuple(migrations[version] for version in versions)


def read_ledger(connection: Connection) -> tuple[LedgerRow, ...]:
    """The applied migrations, by number; empty when there is no ledger yet."""
    try:
        rows = connection.execute(SELECT_LEDGER).all()
    except (exc.OperationalError, exc.ProgrammingError) as error:
        if "no such table" in str(error.orig) or "UndefinedTable" in type(error.orig).__name__:
            return ()
        raise
    return tuple(LedgerRow(*row) for row in rows)


def schema_status(connection: Connection, folder: Path | None = None) -> SchemaStatus:
    """Compare the database with the migration files, in one SELECT."""
    return compare(load_migrations(connection.dialect.name, folder), read_ledger(connection))


def inspect_database(folder: Path | None = None, on: Database | None = None) -> SchemaStatus:
    """Compare a database with the migration files, without writing a byte. A missing SQLite file is an empty database."""
    try:
        with (on or database.current()).read_only() as connection:
            return schema_status(connection, folder)
    except FileNotFoundError:
        return compare(load_migrations("sqlite", folder), ())


def missing_tables(connection: Connection, folder: Path | None = None) -> list[str]:
    """The tables that the migrations create and the database lacks, by name."""
    dialect = connection.dialect.name
    is_required = {"db_version": True}
    for migration in load_migrations(dialect, folder):
        is_required.update(table_changes(migration.script))
    present = set(connection.execute(SQLITE_TABLES if dialect == "sqlite" else POSTGRES_TABLES).scalars())
    return sorted({table for table, required in is_required.items() if required} - present)


# ---- writing ----------------------------------------------------------------------------------------------------------------------


def up(folder: Path | None = None, on: Database | None = None) -> list[Migration]:
    """Apply the pending migrations, in order, to `on` (by default the process-wide database), and return them.

    Any number of processes may call it at once; each migration is applied once. Raises MigrationError when the database is ahead or
    diverged, or when a migration fails and is rolled back.
    """
    on = on or database.current()
    with on.read() as connection:
        status = schema_status(connection, folder)
    applied: list[Migration] = []
    while status.state is SchemaState.BEHIND:
        step, duration_ms = None, 0
        with migration_lock(on) as connection:
            connection.exec_driver_sql(CREATE_LEDGER)
            # Read again under the lock: another process may have migrated in between.
            status = schema_status(connection, folder)
            if status.state is SchemaState.BEHIND:
                step = status.pending[0]
                duration_ms = _apply(connection, step)
                status = schema_status(connection, folder)
        if step is not None:  # its transaction is committed
            applied.append(step)
            log.info("migration applied", migration=step.label, duration_ms=duration_ms)
    if status.state is not SchemaState.CURRENT:
        raise MigrationError(str(status))
    return applied


def ensure_schema(auto_migrate: bool, on: Database | None = None, folder: Path | None = None) -> SchemaStatus:
    """Make the schema usable at the start of a web or worker process: migrate it if needed and allowed.

    Raises MigrationError when this code cannot run on the schema.
    """
    on = on or database.current()
    with on.read() as connection:
        status = schema_status(connection, folder)
    if status.state is SchemaState.BEHIND and auto_migrate:
        up(folder, on)
        with on.read() as connection:
            status = schema_status(connection, folder)
    if not status.can_be_served:
        raise MigrationError(str(status))
    if status.state is SchemaState.AHEAD:
        log.warning("schema is ahead of this code", detail=str(status))
    return status


def baseline(version: int, folder: Path | None = None) -> list[Migration]:
    """Record the migrations up to `version` as applied, without running them.

    Raises MigrationError when the ledger has rows, or there is no such version.
    """
    with migration_lock() as connection:
        migrations = load_migrations(connection.dialect.name, folder)
        if not 1 <= version <= len(migrations):
            raise MigrationError(f"There is no migration {version}; the newest is {len(migrations)}.")
        connection.exec_driver_sql(CREATE_LEDGER)
        if read_ledger(connection):
            raise MigrationError("The database has a ledger already; `baseline` is for a database without one. See `status`.")
        adopted = list(migrations[:version])
        for migration in adopted:
            _write_ledger(connection, migration, duration_ms=0)
    return adopted


def repair(folder: Path | None = None) -> list[Migration]:
    """Take over names and checksums of the applied migrations from their files; return those that differed."""
    with migration_lock() as connection:
        files = {migration.version: migration for migration in load_migrations(connection.dialect.name, folder)}
        changed = [
            files[row.version]
            for row in read_ledger(connection)
            if row.version in files and (files[row.version].checksum, files[row.version].name) != (row.checksum, row.name)
        ]
        for migration in changed:
            connection.execute(ADOPT_FILE, {"version": migration.version, "name": migration.name, "checksum": migration.checksum})
    return changed


@contextmanager
def migration_lock(on: Database | None = None) -> Iterator[Connection]:
    """A transaction under the migration lock, which one process at a time holds."""
    on = on or database.current()
    timeout = on.options.migration_lock_timeout
    lock_timeout = (
        f"Another process has held the migration lock for {timeout:.0f} s. See what it does, then run `python db_migrations.py up` again."
    )
    if not on.is_sqlite:
        with on.transaction() as connection:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{timeout:.0f}s'")
            try:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
            except exc.OperationalError as error:
                if "lock timeout" in str(error.orig):
                    raise MigrationError(lock_timeout) from error
                raise
            yield connection
        return
    set_wal(on.engine())
    with on.read() as connection:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(timeout * 1000)}")
        # A migration on SQLite often has to rebuild a table; the foreign keys of its children must not fire then.
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.commit()  # ends SQLAlchemy's implicit transaction, so that an explicit one can begin
        try:
            with connection.begin():
                try:
                    connection.exec_driver_sql("BEGIN EXCLUSIVE")
                except exc.OperationalError as error:
                    if "locked" in str(error.orig):
                        raise MigrationError(lock_timeout) from error
                    raise
                yield connection
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if broken:
                    raise MigrationError(f"The migration would leave {len(broken)} rows of {broken[0][0]} without their parent row.")
        finally:
            connection.invalidate()  # the next user gets a connection with the usual pragmas


def _apply(connection: Connection, migration: Migration) -> int:
    """Run one migration and write its ledger row, in the caller's transaction; return its duration in milliseconds."""
    started = time.perf_counter()
    plain = connection.execution_options(no_parameters=True)  # so that a '%' in the text is not a placeholder
    for number, statement in enumerate(statements(migration.script), 1):
        if TRANSACTION_CONTROL.match(without_comments(statement)):
            raise MigrationError(f"{migration.path.name}, statement {number}: a migration runs in one transaction; take {statement!r} out.")
        try:
            plain.exec_driver_sql(statement)
        except exc.DBAPIError as error:
            message = f"{migration.path.name}, statement {number}, failed and was rolled back: {explain(error)}\n{statement}"
            raise MigrationError(message) from error
    duration_ms = round((time.perf_counter() - started) * 1000)
    _write_ledger(connection, migration, duration_ms)
    return duration_ms


def _write_ledger(connection: Connection, migration: Migration, duration_ms: int) -> None:
    connection.execute(
        INSERT_LEDGER,
        {
            "version": migration.version,
            "name": migration.name,
            "checksum": migration.checksum,
            "applied_at": now(),
            "duration_ms": duration_ms,
            "app_version": VERSION,
        },
    )


# ---- the command ------------------------------------------------------------------------------------------------------------------


def _command_up(_: argparse.Namespace) -> int:
    database.connect()
    applied = up()
    for migration in applied:
        print(f"applied {migration.label}")
    print(inspect_database())
    return 0


def _command_status(_: argparse.Namespace) -> int:
    status = inspect_database()
    for row in status.applied:
        print(f"applied  {row.label}  {row.applied_at:%Y-%m-%d %H:%M:%S}Z")
    for migration in status.pending:
        print(f"pending  {migration.label}")
    print(status)
    return _exit_code_of(status)


def _command_plan(_: argparse.Namespace) -> int:
    status = inspect_database()
    for migration in status.pending:
        print(f"-- {migration.path.name}")
        for statement in statements(migration.script):
            print(f"{statement};\n")
    print(f"-- {status}")
    return _exit_code_of(status)


def _exit_code_of(status: SchemaStatus) -> int:
    # Before each deploy the database is behind, which is no fault; `verify` requires it to be current.
    return 1 if status.state in (SchemaState.AHEAD, SchemaState.DIVERGED) else 0


def _command_verify(_: argparse.Namespace) -> int:
    status = inspect_database()
    print(status)
    if status.state is not SchemaState.CURRENT:
        return 1
    with database.current().read_only() as connection:
        missing = missing_tables(connection)
    if missing:
        print(f"Missing tables: {', '.join(missing)}. Restore them from a backup; the ledger says that they were made.")
        return 1
    print("Every checksum matches and every table is there.")
    return 0


def _command_baseline(arguments: argparse.Namespace) -> int:
    for migration in baseline(arguments.version):
        print(f"recorded {migration.label} as applied")
    return 0


def _command_repair(_: argparse.Namespace) -> int:
    changed = repair()
    for migration in changed:
        print(f"adopted the file of {migration.label}")
    if not changed:
        print("Nothing to repair: every checksum matches.")
    return 0


COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], int], str]] = {
    "up": (_command_up, "apply the pending migrations (the default)"),
    "status": (_command_status, "list applied and pending migrations; writes nothing"),
    "plan": (_command_plan, "print the SQL that `up` would run; writes nothing"),
    "verify": (_command_verify, "check every checksum and table; writes nothing"),
    "baseline": (_command_baseline, "record migrations up to N as applied, without running them"),
    "repair": (_command_repair, "take over the checksums of the files"),
}
FAILURES = {
    "up": "a migration failed and was rolled back, or the database is ahead or has diverged",
    "status": "the database is ahead or has diverged (behind is 0; see `verify`)",
    "plan": "the database is ahead or has diverged: `up` would refuse it",
    "verify": "the database is behind, ahead or has diverged, or a table is missing",
    "baseline": "there is a ledger already, or no such migration",
    "repair": "a migration file is missing or misnamed",
}
EXIT_CODES = (
    "exit codes:\n  0  done, without faults\n  1  {}; or the database cannot be used, and stderr says why\n  2  the command line is wrong"
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code (EXIT_CODES); the reason of a failure goes to stderr."""
    parser = argparse.ArgumentParser(prog="db_migrations.py", description="Migrate the database schema, or inspect it.")
    parser.epilog = "`COMMAND --help` explains the exit codes."
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, (_, description) in COMMANDS.items():
        epilog = EXIT_CODES.format(FAILURES[name])
        command = commands.add_parser(name, help=description, description=description, epilog=epilog)
        command.formatter_class = argparse.RawDescriptionHelpFormatter
        if name == "baseline":
            command.add_argument("version", type=int, metavar="N", help="the newest migration whose tables the database has")
    parsed = parser.parse_args(arguments)

    def run(settings: Settings) -> int:
        database.configure(settings)
        if parsed.command in ("baseline", "repair"):  # they are about a database that exists
            database.current().expect_file()
            database.connect()
        return COMMANDS[parsed.command or "up"][0](parsed)

    return run_program(run)


if __name__ == "__main__":
    sys.exit(main())
