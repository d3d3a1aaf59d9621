"""Setup of the sqlite3 driver, per process, per connection and per file."""

import sqlite3
import time
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Engine, exc

from utils.database_errors import ErrorKind, kind_of

WAL_ATTEMPTS = 50


def register_types() -> None:
    """Convert the declared column types TIMESTAMPTZ and DATE as on Postgres.

    sqlite3 registers adapters and converters per process; its defaults for both types are deprecated and drop the time zone.
    """
    sqlite3.register_adapter(datetime, _timestamp_text)
    sqlite3.register_adapter(date, date.isoformat)
    sqlite3.register_converter("timestamptz", lambda raw: datetime.fromisoformat(raw.decode()))
    sqlite3.register_converter("date", lambda raw: date.fromisoformat(raw.decode()))


def set_pragmas(connection: sqlite3.Connection) -> None:
    """Set the pragmas that are per connection.

    With WAL, synchronous=NORMAL survives the death of any process; a power cut may lose the last commits, but does not damage the file.
    The migrator sets the journal mode, once: set at every connect, processes that start together would collide.
    """
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")


def set_wal(engine: Engine) -> None:
    """Switch the file to WAL, so that readers never wait for the writer. The file keeps the mode."""
    for attempt in range(1, WAL_ATTEMPTS + 1):
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            return
        except exc.OperationalError as error:
            # The switch needs exclusive access and ignores the busy timeout; other processes may be starting.
            if attempt == WAL_ATTEMPTS or kind_of(error) is not ErrorKind.BUSY:
                raise
            time.sleep(0.1)


def check_writable(engine: Engine) -> None:
    """Raise the error that the first write would raise: a read-only file would otherwise show only while serving."""
    with engine.connect() as connection:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            # With a writable -wal file, only a change shows that the database file itself is read-only.
            connection.exec_driver_sql("PRAGMA user_version = 0")
        except exc.OperationalError as error:
            if kind_of(error) is not ErrorKind.BUSY:  # another process is writing
                raise
        else:
            connection.exec_driver_sql("ROLLBACK")


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a file without writing anything, not even beside it.

    A reader of a WAL database creates -wal and -shm files; without a -wal file that has content, the file is opened as immutable instead.
    Raises FileNotFoundError.
    """
    if not path.exists():
        raise FileNotFoundError(path)
    wal = path.with_name(path.name + "-wal")
    mode = "mode=ro" if wal.exists() and wal.stat().st_size else "mode=ro&immutable=1"
    location = f"{path.resolve().as_uri()}?{mode}"
    return sqlite3.connect(location, uri=True, detect_types=sqlite3.PARSE_DECLTYPES, check_same_thread=False)


@lru_cache(maxsize=256)  # the rows of a statement often have one moment
def _timestamp_text(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a naive datetime was given to the database: use utils.clock.now()")
    # Fixed width and UTC, so that the text sorts by time.
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
