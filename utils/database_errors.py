"""Classifies database errors by SQLite's result codes and PostgreSQL's SQLSTATEs, and explains them to operators."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from sqlalchemy import exc


class ErrorKind(Enum):
    """The cause of a database error."""

    STATEMENT = auto()  # the statement or its parameters are wrong
    NO_TABLE = auto()
    FORBIDDEN = auto()  # the account lacks a right
    DAMAGED = auto()  # the file is damaged, or not an SQLite database
    BUSY = auto()  # locked, cancelled or in conflict: a retry may succeed
    EXHAUSTED = auto()  # the server is out of memory or at one of its limits
    READ_ONLY = auto()
    FULL = auto()  # the disk is full
    WRITE_FAILED = auto()  # the disk refuses writes for another reason
    UNREADABLE = auto()  # the SQLite file cannot be opened or read
    MISSING = auto()  # the SQLite file is no longer there
    REPLACED = auto()  # another SQLite file is in its place
    AWAY = auto()  # the server does not answer, or has closed the connection


@dataclass(frozen=True)
class Explanation:
    """An error and its remedy, if any. Names no host, file or account, since callers may see it."""

    found: str
    remedy: str | None = None


@dataclass(frozen=True)
class _ConnectFault:
    """Why a connection failed, recognised by the message: before a session exists, the driver has no SQLSTATE."""

    words: re.Pattern[str]
    explanation: Explanation
    is_permanent: bool  # a retry does not help; otherwise the server may still be starting


UNWRITABLE = frozenset({ErrorKind.READ_ONLY, ErrorKind.FULL, ErrorKind.WRITE_FAILED})  # reads still work
LOST = frozenset({ErrorKind.UNREADABLE, ErrorKind.MISSING, ErrorKind.REPLACED, ErrorKind.AWAY})
# What is wrong with the connection may end before the connection does: one opened while the file was read-only cannot ever write.
SPOILING = frozenset({ErrorKind.READ_ONLY, ErrorKind.UNREADABLE, ErrorKind.DAMAGED})
UNAVAILABLE = UNWRITABLE | LOST | {ErrorKind.BUSY, ErrorKind.EXHAUSTED}

SQLITE_KINDS = {
    sqlite3.SQLITE_BUSY: ErrorKind.BUSY,
    sqlite3.SQLITE_LOCKED: ErrorKind.BUSY,
    sqlite3.SQLITE_PROTOCOL: ErrorKind.BUSY,
    sqlite3.SQLITE_INTERRUPT: ErrorKind.BUSY,
    sqlite3.SQLITE_READONLY: ErrorKind.READ_ONLY,
    sqlite3.SQLITE_FULL: ErrorKind.FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE: ErrorKind.FULL,  # of the -shm file, at the first open of the database
    sqlite3.SQLITE_IOERR_WRITE: ErrorKind.WRITE_FAILED,
    sqlite3.SQLITE_IOERR_FSYNC: ErrorKind.WRITE_FAILED,
    sqlite3.SQLITE_IOERR_DIR_FSYNC: ErrorKind.WRITE_FAILED,
    sqlite3.SQLITE_IOERR_TRUNCATE: ErrorKind.WRITE_FAILED,
    sqlite3.SQLITE_IOERR_DELETE: ErrorKind.WRITE_FAILED,
    sqlite3.SQLITE_IOERR: ErrorKind.UNREADABLE,
    sqlite3.SQLITE_CANTOPEN: ErrorKind.UNREADABLE,
    sqlite3.SQLITE_CORRUPT: ErrorKind.DAMAGED,
    sqlite3.SQLITE_NOTADB: ErrorKind.DAMAGED,
}
# By SQLSTATE, or its first three or two characters.
POSTGRES_KINDS = {
    "42P01": ErrorKind.NO_TABLE,
    "42501": ErrorKind.FORBIDDEN,
    "3F000": ErrorKind.FORBIDDEN,  # "no schema has been selected to create in": the account may use none
    "25006": ErrorKind.READ_ONLY,
    "53100": ErrorKind.FULL,
    "53300": ErrorKind.AWAY,  # too many connections
    "53": ErrorKind.EXHAUSTED,
    "57P": ErrorKind.AWAY,
    "08": ErrorKind.AWAY,
}

EXPLANATIONS = {
    ErrorKind.STATEMENT: Explanation("The database refused what was asked of it."),
    ErrorKind.NO_TABLE: Explanation("A table is not there.", "Run `python db_migrations.py up`, then `python db_migrations.py verify`."),
    ErrorKind.FORBIDDEN: Explanation(
        "The database account lacks a right.",
        "It needs the rights to make tables and to write rows: as the server's administrator, run "
        "`GRANT USAGE, CREATE ON SCHEMA public TO account` in this database, or set DATABASE_URL to the account that owns the tables.",
    ),
    ErrorKind.DAMAGED: Explanation(
        "The database file is damaged, or is not an SQLite database.",
        "Set DATABASE_URL to the right file, or put a backup back (`python -m deploy.restore FILE`).",
    ),
    ErrorKind.BUSY: Explanation(
        "Another process keeps the database locked, or what was asked of it was cancelled.",
        "Try again. If it stays, see which process has kept it locked for longer than DB_LOCK_TIMEOUT, and end that.",
    ),
    ErrorKind.EXHAUSTED: Explanation(
        "The database is out of memory, or has reached a limit of its own.", "Raise the limit that its log names, or give it more memory."
    ),
    ErrorKind.READ_ONLY: Explanation(
        "The database can be read, but not written to.",
        "Point DATABASE_URL at the primary server, or let this one take writes again.",
    ),
    ErrorKind.FULL: Explanation("There is no space left on the disk of the database.", "Make room on it, or give it a larger one."),
    ErrorKind.WRITE_FAILED: Explanation(
        "The disk of the database refuses to be written to.",
        "See that it has space left, that no quota and no limit on the size of a file is reached, and that the disk is sound.",
    ),
    ErrorKind.UNREADABLE: Explanation(
        "The database file cannot be opened.",
        "See that DATABASE_URL (or DATA_DIR) names a file in a folder that the account of the service may read and write, "
        "on a sound disk with space left.",
    ),
    ErrorKind.MISSING: Explanation(
        "The database file is missing: it, or a folder above it, was moved away, renamed or deleted, or a start has yet to create it.",
        "Put the same file back, with its -wal file if there is one: a running service then goes on by itself. If it is lost, stop the web "
        "and worker services, put a backup back (`python -m deploy.restore FILE`) and start them again.",
    ),
    ErrorKind.REPLACED: Explanation(
        "The database file is not the one that this process opened: another one was put in its place meanwhile.",
        "If the new one is right, restart the web and worker services, so that all of them use it; otherwise put the former one back.",
    ),
    ErrorKind.AWAY: Explanation(
        "The database does not answer.", "See that it runs and that DATABASE_URL is right; the log has the reason."
    ),
}
READ_ONLY_FILE = Explanation(
    EXPLANATIONS[ErrorKind.READ_ONLY].found,
    "Let the account that the service runs as write the file and its folder (chmod, chown), on a disk that is mounted for writing. "
    "Writes then succeed again without a restart.",
)


def _connect_fault(words: str, found: str, remedy: str, is_permanent: bool = True) -> _ConnectFault:
    return _ConnectFault(re.compile(words), Explanation(found, remedy), is_permanent)


# For a host with several addresses the driver's message has all failures: permanent ones come first here.
CONNECT_FAULTS = (
    _connect_fault(
        r'authentication failed|no password supplied|role "[^"]*" does not exist|not permitted to log in',
        "The database server refuses the user or the password.",
        "Correct them in DATABASE_URL (@, : and / of a password as %40, %3A and %2F), or make the account on the server.",
    ),
    _connect_fault(
        r'database "[^"]*" does not exist',
        "The server has no such database.",
        "Make it (`CREATE DATABASE`), or correct the name at the end of DATABASE_URL.",
    ),
    _connect_fault(
        "no pg_hba.conf entry|permission denied for database",
        "The database server does not let this account in from here.",
        "Allow it in the server's pg_hba.conf, and by `GRANT CONNECT ON DATABASE`.",
    ),
    _connect_fault(
        "invalid (connection option|dsn|sslmode|port|integer value)|does not support SSL|certificate verify failed",
        "The options in DATABASE_URL do not fit the server.",
        "Correct what stands after the `?` of DATABASE_URL.",
    ),
    _connect_fault(
        "unsupported startup parameter",
        "The pooler in front of the database does not take the options in DATABASE_URL.",
        "Set them for the role (`ALTER ROLE … SET search_path = …`) instead, or add `options` to the pooler's ignore_startup_parameters.",
    ),
    _connect_fault(
        "could not translate host name",
        "No machine is known by the database's host name.",
        "Correct the host in DATABASE_URL, or see that the machine is started and known to the name service.",
        is_permanent=False,
    ),
    _connect_fault(
        "Connection refused|No such file or directory",
        "Nothing listens at the database's host and port.",
        "Start the database server, or correct the host and the port in DATABASE_URL.",
        is_permanent=False,
    ),
    _connect_fault(
        "timeout expired|timed out|No route to host|Network is unreachable",
        "The database's host does not answer.",
        "See that the machine runs, that the host in DATABASE_URL is right, and that no firewall stands between.",
        is_permanent=False,
    ),
    _connect_fault(
        "too many (connections|clients)|connection slots",
        "The database server has no connection left.",
        "Raise its max_connections, or lower DB_POOL_SIZE, DB_MAX_OVERFLOW or the number of processes.",
        is_permanent=False,
    ),
)


class FileMissing(sqlite3.OperationalError):
    """The SQLite file is not there, and must not be created."""

    kind = ErrorKind.MISSING

    def __init__(self, path: Path) -> None:
        super().__init__(f"there is no file {path}")


class FileReplaced(sqlite3.OperationalError):
    """The path holds another SQLite file than the one that the process opened."""

    kind = ErrorKind.REPLACED

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is another file than before")


class DatabaseSuspended(exc.SQLAlchemyError):
    """The database's breaker is open: calls fail at once until the next trial."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"the database failed several times in a row and is tried again in {retry_after:.1f} s")
        self.retry_after = retry_after


def kind_of(error: BaseException) -> ErrorKind | None:
    """The cause of an error; None for an error that is not the database's."""
    if not isinstance(error, exc.DBAPIError):
        return None
    if error.connection_invalidated:
        return ErrorKind.AWAY
    if isinstance(error.orig, sqlite3.Error):
        return _kind_on_sqlite(error.orig)
    code = getattr(error.orig, "pgcode", None)
    if code is None:
        # The connection failed, or the driver refused a parameter.
        return ErrorKind.AWAY if isinstance(error, exc.OperationalError | exc.InterfaceError) else ErrorKind.STATEMENT
    for prefix in (code, code[:3], code[:2]):
        if prefix in POSTGRES_KINDS:
            return POSTGRES_KINDS[prefix]
    return ErrorKind.BUSY if isinstance(error, exc.OperationalError) else ErrorKind.STATEMENT


def is_unavailable(error: BaseException) -> bool:
    """Whether the database is away, busy or full, rather than a statement wrong."""
    return kind_of(error) in UNAVAILABLE or isinstance(error, exc.TimeoutError | DatabaseSuspended)


def is_lost(error: BaseException) -> bool:
    """Whether the database is away: not busy, full or locked, and not only this process's pool exhausted."""
    return kind_of(error) in LOST


def refuses_writes(error: BaseException) -> bool:
    """Whether the database refuses writes but can be read."""
    return kind_of(error) in UNWRITABLE


def spoils_connections(error: BaseException) -> bool:
    """Whether the connections that are open now may go on failing after the cause has ended."""
    return kind_of(error) in SPOILING


def is_permanent(error: exc.DBAPIError) -> bool:
    """Whether an error of a connection attempt stays after a retry."""
    if isinstance(error.orig, sqlite3.Error):
        return kind_of(error) is not ErrorKind.BUSY  # of a file, only a lock goes away by itself
    fault = _find_connect_fault(error)
    return fault is not None and fault.is_permanent


def explanation_of(error: exc.SQLAlchemyError) -> Explanation:
    """The error and its remedy, without the names that `reason_of` contains."""
    if isinstance(error, DatabaseSuspended):
        return Explanation(f"The database failed several times in a row; it is tried again in {error.retry_after:.1f} s.")
    if isinstance(error, exc.TimeoutError):
        return Explanation(
            "No connection to the database was free.", "Raise DB_POOL_SIZE or DB_MAX_OVERFLOW, and look for slow statements."
        )
    fault = _find_connect_fault(error)
    if fault is not None:
        return fault.explanation
    kind = kind_of(error) or ErrorKind.STATEMENT
    is_of_a_file = isinstance(getattr(error, "orig", None), sqlite3.Error)
    return READ_ONLY_FILE if kind is ErrorKind.READ_ONLY and is_of_a_file else EXPLANATIONS[kind]


def reason_of(error: exc.SQLAlchemyError) -> str:
    """The driver's message in one line, for logs and operators."""
    message = str(getattr(error, "orig", None) or (error.args[0] if error.args else error)).strip()
    # After the first line, the message quotes the statement; of a failed connection, it has the other addresses of the host.
    return " ".join(message.split()) if _has_no_session(error) else message.split("\n")[0]


def _kind_on_sqlite(error: sqlite3.Error) -> ErrorKind:
    if isinstance(error, FileMissing | FileReplaced):
        return error.kind
    code = getattr(error, "sqlite_errorcode", None)  # missing when the driver refused a parameter
    if code is None:
        return ErrorKind.STATEMENT
    if code == sqlite3.SQLITE_ERROR and str(error).startswith("no such table"):
        return ErrorKind.NO_TABLE
    return SQLITE_KINDS.get(code) or SQLITE_KINDS.get(code & 0xFF, ErrorKind.STATEMENT)


def _has_no_session(error: exc.SQLAlchemyError) -> bool:
    orig = getattr(error, "orig", None)
    return orig is not None and not isinstance(orig, sqlite3.Error) and getattr(orig, "pgcode", None) is None


def _find_connect_fault(error: exc.SQLAlchemyError) -> _ConnectFault | None:
    if not _has_no_session(error):
        return None
    reason = reason_of(error)
    return next((fault for fault in CONNECT_FAULTS if fault.words.search(reason)), None)
