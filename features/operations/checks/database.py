"""Checks of the database: whether it answers and can be written to, how its schema stands, and whether its clock agrees with ours."""

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

POOL_FULL = 0.9  # the part of the connections in use from which somebody should know
REFUSED_JUST_NOW = 15.0  # seconds
SKEW_DOUBTFUL, SKEW_BAD = 2.0, 30.0  # seconds
REMEDY = "See that it runs and that DATABASE_URL is right; the log has the reason."
WRITE_REMEDY = "Check DATABASE_URL; the account needs the rights to make tables and to write rows."


class _Undo(Exception):
    """Ends a transaction without leaving anything."""


def database_probe(database: Database) -> Probe:
    """Whether the database answers."""
    return Probe("database", lambda: _answers(database), REMEDY, decides_readiness=True)


def schema_probe(database: Database) -> Probe:
    """Whether the schema can be served by this code, as a process that serves already asks."""
    return Probe("schema", lambda: _served(read_schema_status(database)), REMEDY, needs=("database",), decides_readiness=True)


def pool_probe(database: Database) -> Probe:
    """Whether connections are about to run out."""
    return Probe("pool", lambda: pool_use(*_pool_status(database)), REMEDY, is_critical=False, decides_readiness=True)


def breaker_probe(breakers: Iterable[Breaker]) -> Probe:
    """Whether the database, or another part that the service goes on without, is being left alone for a while."""
    return Probe("breaker", lambda: _breaker(breakers), REMEDY, is_critical=False)


def writing_probe(database: Database) -> Probe:
    """Whether the database takes writes, as a process that serves already asks.

    A warning: with a full disk what is stored goes on being read, which it would not if traffic were sent away.
    """
    return Probe(
        "database_writable", lambda: _takes_writes(database), WRITE_REMEDY, is_critical=False, needs=("schema",), decides_readiness=True
    )


def clock_probe(database: Database) -> Probe:
    """Whether the database's clock agrees with this machine's."""
    return Probe("clock", lambda: skipped(NO_FILE) if _is_unmade(database) else _clock(database), REMEDY, needs=("database",))


def pool_use(in_use: int, limit: int) -> Finding:
    """What to say of so many connections in use."""
    found = f"{in_use} of {limit} connections are in use."
    if in_use >= POOL_FULL * limit:
        return doubtful(found, "If this lasts, raise DB_POOL_SIZE or DB_MAX_OVERFLOW (or lower WEB_THREADS), and look for slow statements.")
    return good(found)


def clock_skew(before: datetime, theirs: datetime, after: datetime) -> Finding:
    """What to say of the database's time, asked for between two looks at ours. The difference is what the asking cannot explain."""
    middle = before + (after - before) / 2
    seconds = max(0.0, abs((theirs - middle).total_seconds()) - (after - before).total_seconds() / 2)
    found = f"The database's clock and this machine's differ by {seconds:.1f} s."
    remedy = "Run a time service (chrony, systemd-timesyncd) on both machines."
    if seconds > SKEW_BAD:
        return bad(found, remedy)
    return doubtful(found, remedy) if seconds > SKEW_DOUBTFUL else good(found)


def _answers(database: Database) -> Finding:
    database.ping()
    version = ".".join(map(str, database.engine().dialect.server_version_info or ()))
    return good(f"{'SQLite' if database.is_sqlite else 'PostgreSQL'} {version} answers.")


def _takes_writes(database: Database) -> Finding:
    last = database.refused_write
    if last is None:
        return good("No write has been refused.")
    # A small write may fit in where others do not: one is tried only when nobody else has been refused for a while.
    refusal = last.explanation if time.monotonic() - last.at < REFUSED_JUST_NOW else try_to_write(database)
    if refusal:
        return bad(f"{refusal.found} Writes are refused; what is stored can be read.", refusal.remedy or WRITE_REMEDY)
    return good("Writes succeed again.")


def _served(found: SchemaStatus) -> Finding:
    if found.state is SchemaState.CURRENT:
        return good(found.explanation)
    return (doubtful if found.can_be_served else bad)(found.explanation, found.remedy or "")


def _pool_status(database: Database) -> tuple[int, int]:
    status = database.status()
    return status.in_use, status.limit


def _breaker(breakers: Iterable[Breaker]) -> Finding:
    told = [f"{breaker.name} ({breaker.state}, {breaker.failures} failures in a row)" for breaker in breakers if breaker.state != "closed"]
    if told:
        remedy = "It closes by itself once what it guards answers. See that that runs; the log has the reason."
        return doubtful(f"Left alone, so that whoever needs it is refused at once: {', '.join(told)}.", remedy)
    return good("All are closed.")


def _clock(database: Database) -> Finding:
    if database.is_sqlite:
        return skipped("An SQLite file goes by this machine's clock.")
    with database.read() as connection:
        database_now(connection)  # what a first statement costs is not to be counted
        before = now()
        theirs = database_now(connection)
        return clock_skew(before, theirs, now())


# ---- before the start -------------------------------------------------------------------------------------------------------------

NO_FILE = "There is no file yet; start-up makes it."


def reachable_probe(database: Database) -> Probe:
    """Whether the database answers; an SQLite file may be missing before the first start."""
    return Probe("database", lambda: good(NO_FILE) if _is_unmade(database) else _answers(database), REMEDY)


def writable_probe(database: Database) -> Probe:
    """Whether rows (before the first start: tables) can be written."""
    return Probe("database_writable", lambda: _writable(database), WRITE_REMEDY, needs=("database",))


def startable_probe(database: Database, settings: Settings) -> Probe:
    """Whether start-up can make do with the schema, or bring it up to date."""
    return Probe("schema", lambda: _startable(_status_without_making(database), settings.auto_migrate), REMEDY, needs=("database",))


def checksums_probe(database: Database) -> Probe:
    """Whether the migration files are those that were applied."""
    return Probe("migration_checksums", lambda: _checksums(_status_without_making(database)), REMEDY, needs=("database",))


def tables_probe(database: Database) -> Probe:
    """Whether every table is there that the ledger says was made."""
    return Probe("tables", lambda: _tables(database), REMEDY, needs=("database",))


def _is_unmade(database: Database) -> bool:
    path = database.path
    return path is not None and not path.exists()


def _status_without_making(database: Database) -> SchemaStatus:
    """Like `read_schema_status`, without making an SQLite file."""
    return db_migrations.inspect_database(on=database) if _is_unmade(database) else read_schema_status(database)


def _startable(found: SchemaStatus, auto_migrate: bool) -> Finding:
    if found.state is SchemaState.CURRENT:
        return good(found.explanation)
    if found.state is SchemaState.BEHIND and not auto_migrate:
        return bad(found.explanation, f"{found.remedy} AUTO_MIGRATE is false: start-up will not do it.")
    if found.state is SchemaState.BEHIND and not found.applied:
        return good("The database is empty; start-up makes its tables.")
    if found.state is SchemaState.BEHIND:
        return doubtful(found.explanation, "Start-up does this (AUTO_MIGRATE). To do it before: `python db_migrations.py up`.")
    return bad(found.explanation, found.remedy or "")


def _checksums(found: SchemaStatus) -> Finding:
    if found.drift:
        return bad(f"{'; '.join(found.drift)}.", found.remedy or "")
    return good(f"{len(found.applied)} applied migrations are as their files have them.")


def _tables(database: Database) -> Finding:
    if _status_without_making(database).state is not SchemaState.CURRENT:
        return skipped("Looked at when the schema is current.")
    with database.read() as connection:
        missing = db_migrations.missing_tables(connection)
    if missing:
        return bad(f"Missing: {', '.join(missing)}.", "Restore them from a backup; the ledger says that they were made.")
    return good("Every table is there.")


def _writable(database: Database) -> Finding:
    path = database.path
    if path is not None and not path.exists():
        return _can_be_made(path)
    # Where start-up has tables to make, that is what must be possible.
    has_all_tables = read_schema_status(database).state is not SchemaState.BEHIND
    with suppress(_Undo), database.transaction() as connection:
        write_row(connection, has_all_tables)
        raise _Undo
    return good("A row was written and taken back." if has_all_tables else "A table was made and taken back.")


def _can_be_made(path: Path) -> Finding:
    refusal = refusal_to_write(nearest_folder(path.parent))
    if refusal:
        return bad(f"The file cannot be made: {refusal}", "Set DATABASE_URL or DATA_DIR to a place that can be written to.")
    return good("There is no file yet; its folder can be written to.")
