"""Checks of the database: connection, schema, pool, breakers, writes and clock."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import db_migrations
from config import Settings
from database import Database
from features.operations.checks.machine import nearest_folder, refusal_to_write
from infrastructure.breaker import Breaker
from infrastructure.health import read_schema_status
from infrastructure.sql.database_clock import database_now
from infrastructure.write_probe import try_to_write, write_row
from models.health import Finding, Probe, bad, doubtful, good, skipped
from models.migration import SchemaState, SchemaStatus
from utils.clock import now

POOL_FULL = 0.9  # share of the connections in use that is a warning
RECENT_REFUSAL = 15.0  # seconds
SKEW_DOUBTFUL, SKEW_BAD = 2.0, 30.0  # seconds
REMEDY = "See that it runs and that DATABASE_URL is right; the log has the reason."
WRITE_REMEDY = "Check DATABASE_URL; the account needs the rights to make tables and to write rows."


class _Rollback(Exception):
    """Rolls a transaction back."""


def database_probe(database: Database) -> Probe:
    """Whether the database answers."""
    return Probe("database", lambda: _answers(database), REMEDY, decides_readiness=True)


def schema_probe(database: Database) -> Probe:
    """Whether this code can run on the schema, for a serving process."""
    return Probe("schema", lambda: _served(read_schema_status(database)), REMEDY, needs=("database",), decides_readiness=True)


def pool_probe(database: Database) -> Probe:
    """Whether the pool is running out of connections."""
    return Probe("pool", lambda: pool_use(*_pool_status(database)), REMEDY, is_critical=False, decides_readiness=True)


def breaker_probe(breakers: Iterable[Breaker]) -> Probe:
    """Whether every circuit breaker is closed."""
    return Probe("breaker", lambda: _breaker(breakers), REMEDY, is_critical=False)


def writing_probe(database: Database) -> Probe:
    """Whether the database accepts writes, for a serving process.

    Not critical: with a full disk, reads still work, which they would not if traffic were sent away.
    """
    return Probe(
        "database_writable", lambda: _takes_writes(database), WRITE_REMEDY, is_critical=False, needs=("schema",), decides_readiness=True
    )


def clock_probe(database: Database) -> Probe:
    """Whether the database's clock agrees with this machine's."""
    return Probe("clock", lambda: skipped(NO_FILE) if _is_missing(database) else _clock(database), REMEDY, needs=("database",))


def pool_use(in_use: int, limit: int) -> Finding:
    """Judge the use of the pool."""
    message = f"{in_use} of {limit} connections are in use."
    if in_use >= POOL_FULL * limit:
        return doubtful(
            message, "If this lasts, raise DB_POOL_SIZE or DB_MAX_OVERFLOW (or lower WEB_THREADS), and look for slow statements."
        )
    return good(message)


def clock_skew(before: datetime, theirs: datetime, after: datetime) -> Finding:
    """Judge the difference between our clock and the database's, whose time `theirs` was read between `before` and `after`.

    The time that the read took is not counted as a difference.
    """
    middle = before + (after - before) / 2
    seconds = max(0.0, abs((theirs - middle).total_seconds()) - (after - before).total_seconds() / 2)
    message = f"The database's clock and this machine's differ by {seconds:.1f} s."
    remedy = "Run a time service (chrony, systemd-timesyncd) on both machines."
    if seconds > SKEW_BAD:
        return bad(message, remedy)
    return doubtful(message, remedy) if seconds > SKEW_DOUBTFUL else good(message)


def _answers(database: Database) -> Finding:
    database.ping()
    version = ".".join(map(str, database.engine().dialect.server_version_info or ()))
    return good(f"{'SQLite' if database.is_sqlite else 'PostgreSQL'} {version} answers.")


def _takes_writes(database: Database) -> Finding:
    last = database.refused_write
    if last is None:
        return good("No write has been refused.")
    # A small test write may fit on a disk that refuses larger ones, so it is tried only some time after the last refusal.
    refusal = last.explanation if time.monotonic() - last.at < RECENT_REFUSAL else try_to_write(database)
    if refusal:
        return bad(f"{refusal.found} Writes are refused; what is stored can be read.", refusal.remedy or WRITE_REMEDY)
    return good("Writes succeed again.")


def _served(status: SchemaStatus) -> Finding:
    if status.state is SchemaState.CURRENT:
        return good(status.explanation)
    return (doubtful if status.can_be_served else bad)(status.explanation, status.remedy or "")


def _pool_status(database: Database) -> tuple[int, int]:
    status = database.status()
    return status.in_use, status.limit


def _breaker(breakers: Iterable[Breaker]) -> Finding:
    tripped = [
        f"{breaker.name} ({breaker.state}, {breaker.failures} failures in a row)" for breaker in breakers if breaker.state != "closed"
    ]
    if tripped:
        remedy = "A breaker closes by itself once its dependency answers. See that the dependency runs; the log has the reason."
        return doubtful(f"Breakers are open, calls fail at once: {', '.join(tripped)}.", remedy)
    return good("All are closed.")


def _clock(database: Database) -> Finding:
    if database.is_sqlite:
        return skipped("SQLite uses this machine's clock.")
    with database.read() as connection:
        database_now(connection)  # so that the cost of a connection's first statement is not measured
        before = now()
        theirs = database_now(connection)
        return clock_skew(before, theirs, now())


# ---- before the start -------------------------------------------------------------------------------------------------------------

NO_FILE = "There is no file yet; start-up creates it."


def reachable_probe(database: Database) -> Probe:
    """Whether the database answers; before the first start, an SQLite file may be missing."""
    return Probe("database", lambda: good(NO_FILE) if _is_missing(database) else _answers(database), REMEDY)


def writable_probe(database: Database) -> Probe:
    """Whether rows can be written, or before the first start, tables created."""
    return Probe("database_writable", lambda: _writable(database), WRITE_REMEDY, needs=("database",))


def startable_probe(database: Database, settings: Settings) -> Probe:
    """Whether start-up can use the schema, or migrate it."""
    return Probe("schema", lambda: _startable(_inspect_status(database), settings.auto_migrate), REMEDY, needs=("database",))


def checksums_probe(database: Database) -> Probe:
    """Whether the migration files equal the applied ones."""
    return Probe("migration_checksums", lambda: _checksums(_inspect_status(database)), REMEDY, needs=("database",))


def tables_probe(database: Database) -> Probe:
    """Whether every table of the applied migrations exists."""
    return Probe("tables", lambda: _tables(database), REMEDY, needs=("database",))


def _is_missing(database: Database) -> bool:
    path = database.path
    return path is not None and not path.exists()


def _inspect_status(database: Database) -> SchemaStatus:
    """Like `read_schema_status`, without creating an SQLite file."""
    return db_migrations.inspect_database(on=database) if _is_missing(database) else read_schema_status(database)


def _startable(status: SchemaStatus, auto_migrate: bool) -> Finding:
    if status.state is SchemaState.CURRENT:
        return good(status.explanation)
    if status.state is SchemaState.BEHIND and not auto_migrate:
        return bad(status.explanation, f"{status.remedy} AUTO_MIGRATE is false: start-up does not migrate.")
    if status.state is SchemaState.BEHIND and not status.applied:
        return good("The database is empty; start-up creates its tables.")
    if status.state is SchemaState.BEHIND:
        return doubtful(status.explanation, "Start-up migrates it (AUTO_MIGRATE). To migrate it before: `python db_migrations.py up`.")
    return bad(status.explanation, status.remedy or "")


def _checksums(status: SchemaStatus) -> Finding:
    if status.drift:
        return bad(f"{'; '.join(status.drift)}.", status.remedy or "")
    return good(f"{len(status.applied)} applied migrations match their files.")


def _tables(database: Database) -> Finding:
    if _inspect_status(database).state is not SchemaState.CURRENT:
        return skipped("Checked only when the schema is current.")
    with database.read() as connection:
        missing = db_migrations.missing_tables(connection)
    if missing:
        return bad(f"Missing: {', '.join(missing)}.", "Restore them from a backup; the ledger says that they were created.")
    return good("Every table exists.")


def _writable(database: Database) -> Finding:
    path = database.path
    if path is not None and not path.exists():
        return _can_be_created(path)
    # Where start-up has to create tables, that must be possible.
    has_all_tables = read_schema_status(database).state is not SchemaState.BEHIND
    with suppress(_Rollback), database.transaction() as connection:
        write_row(connection, has_all_tables)
        raise _Rollback
    return good("A row was written and rolled back." if has_all_tables else "A table was created and rolled back.")


def _can_be_created(path: Path) -> Finding:
    refusal = refusal_to_write(nearest_folder(path.parent))
    if refusal:
        return bad(f"The file cannot be created: {refusal}", "Set DATABASE_URL or DATA_DIR to a place that can be written to.")
    return good("There is no file yet; its folder can be written to.")
