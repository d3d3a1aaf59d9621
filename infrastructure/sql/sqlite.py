"""What the sqlite3 driver needs to be told, once per process and once per connection."""

import sqlite3
import time
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Engine, exc

from utils.database_errors import ErrorKind, kind_of

WAL_ATTEMPTS = 50


def register_types() -> None:
    """Give the declared column types TIMESTAMPTZ and DATE on SQLite the meaning that they have on Postgres.

    sqlite3 keeps adapters and converters per process; its own for the two Python types are deprecated and drop the time zone.
    """
    sqlite3.register_adapter(datetime, _timestamp_text)
    sqlite3.register_adapter(date, date.isoformat)
    sqlite3.register_converter("timestamptz", lambda raw: datetime.fromisoformat(raw.decode()))
    sqlite3.register_converter("date", lambda raw: date.fromisoformat(raw.decode()))


def set_pragmas(connection: sqlite3.Connection) -> None:
    """Set what SQLite forgets between connections.

    synchronous=NORMAL with WAL survives the death of any process; a power cut may lose the last commits, never the file. The journal
    mode itself is set once, by the migrator: set at every connect, processes that start together collide.
    """
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")


def set_wal(engine: Engine) -> None:
    """Switch the file to WAL: readers then never wait for the writer. The mode is kept in the file, so once is enough."""
    for attempt in range(1, WAL_ATTEMPTS + 1):
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            return
        except exc.OperationalError as error:
            # The switch needs the file for itself and does not wait for it; others start at the same moment.
            if attempt == WAL_ATTEMPTS or kind_of(error) is not ErrorKind.BUSY:
                raise
            time.sleep(0.1)


def check_writable(engine: Engine) -> None:
    """Raise what the first write would: a file that can be read alone is else found out only in serving."""
    with engine.connect() as connection:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            # Beside a log that can be written to, a file that cannot is found out by a change alone.
            connection.exec_driver_sql("PRAGMA user_version = 0")
        except exc.OperationalError as error:
            if kind_of(error) is not ErrorKind.BUSY:  # somebody else writes just now
                raise
        else:
            connection.exec_driver_sql("ROLLBACK")


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a file so that nothing at all is written beside it.

    A reader of a WAL database makes the -wal and -shm files; when no -wal file holds anything, the file is opened as immutable instead.
    Raises FileNotFoundError when there is no file.
    """
    if not path.exists():
        raise FileNotFoundError(path)
    wal = path.with_name(path.name + "-wal")
    mode = "mode=ro" if wal.exists() and wal.stat().st_size else "mode=ro&immutable=1"
    location = f"{path.resolve().as_uri()}?{mode}"
    return sqlite3.connect(location, uri=True, detect_types=sqlite3.PARSE_DECLTYPES, check_same_thread=False)


def _timestamp_text(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a naive datetime was given to the database: use utils.clock.now()")
    # One width and one zone, so that the text sorts as the time does.
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
