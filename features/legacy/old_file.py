"""Reads the file of the earlier tool. Nothing is written to it, or beside it."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from features.legacy.rows import Cell, Row

MAGIC = b"SQLite format 3\x00"
LARGEST_VALUE = 16_000_000  # bytes of a value, and of a row: what is larger is not read
TABLES = ("watchlist", "analysis_results", "analysis_jobs")
OURS = {"watchlist_items", "organizations"}
# Ascending, so that a read can go on behind a row that cannot be read.
_ROWS = {name: "SELECT rowid, * FROM {table} WHERE rowid > ? ORDER BY rowid".replace("{table}", name) for name in TABLES}
_NEXT = {name: "SELECT rowid FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT 1".replace("{table}", name) for name in TABLES}
_SCHEMA = "SELECT lower(name), rootpage FROM sqlite_schema WHERE type = 'table'"
FIRST = -(2**63)
Problem = tuple[int | None, str]


class UnreadableFile(Exception):
    """The file cannot be imported; the message says why, and what to do."""


class OldFile:
    """An open file of the earlier tool."""

    def __init__(self, connection: sqlite3.Connection, log: str | None) -> None:
        """`log` is what SQLite left beside the file and was read with it."""
        self._connection = connection
        self.log = log
        self.tables = self._find_tables()

    def rows(self, table: str) -> Iterator[Row | Problem]:
        """The rows of one of TABLES by rowid; in place of one that cannot be read its rowid and why.

        Where the table itself is damaged the rowid is None, and nothing follows.
        """
        last = FIRST
        while True:
            try:
                cursor = self._connection.execute(_ROWS[table], (last,))
                names = [column[0].lower() for column in cursor.description[1:]]
                for number, *values in cursor:
                    if not isinstance(number, int) or number <= last:
                        raise UnreadableFile(f"{table} has a column rowid of its own.")
                    last = number
                    yield Row(number, dict(zip(names, map(_cell, values), strict=True)))
                return
            except sqlite3.Error as error:
                problem = str(error)
            try:
                following = self._connection.execute(_NEXT[table], (last,)).fetchone()
            except sqlite3.Error:
                following = None
            if following is None:
                behind = "" if last == FIRST else f" behind rowid {last}"
                yield None, f"it is damaged{behind} ({problem}): the sqlite3 program may rescue more by .recover"
                return
            last = following[0]
            yield last, f"it cannot be read ({problem})"

    def _find_tables(self) -> frozenset[str]:
        try:
            rows = self._connection.execute(_SCHEMA).fetchall()
        except sqlite3.Error as error:
            raise UnreadableFile(f"It is no readable database ({error}). Repair it by the sqlite3 program's .recover.") from error
        named = {name.decode(errors="replace"): root for name, root in rows}
        if named.keys() & OURS:
            raise UnreadableFile("It is a database of Bellwether. Move one by a backup and a restore: see docs/operations.md.")
        found = frozenset(name for name in TABLES if named.get(name))  # virtual tables have no page of their own
        if not found:
            raise UnreadableFile(f"It has none of the tables {', '.join(TABLES)}: it is not a database of the earlier tool.")
        return found


@contextmanager
def open_file(path: Path) -> Iterator[OldFile]:
    """Open a file of the earlier tool for reading. Raises UnreadableFile."""
    _check(path)
    logs = [log for log in (path.with_name(path.name + "-wal"), path.with_name(path.name + "-journal")) if _has_content(log)]
    with TemporaryDirectory(prefix="bellwether-import-") as folder:
        if logs:
            # What the log holds belongs to the database. Reading it where it lies would write beside it.
            copy = Path(folder) / "copy.db"
            for source in (path, *logs):
                shutil.copyfile(source, Path(folder) / source.name.replace(path.name, copy.name, 1))
            url = f"file:{quote(str(copy))}"
        else:
            url = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
        connection = _connect(url)
        try:
            yield OldFile(connection, logs[0].name if logs else None)
        finally:
            connection.close()


def _connect(url: str) -> sqlite3.Connection:
    connection = sqlite3.connect(url, uri=True, isolation_level=None)
    connection.text_factory = bytes  # texts may not be UTF-8
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA query_only = ON")
    return connection


def _check(path: Path) -> None:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFile("It is no file. Name the SQLite file of the earlier tool, such as trading_app.db.")
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
    except FileNotFoundError as error:
        raise UnreadableFile("There is no such file. Name the SQLite file of the earlier tool, such as trading_app.db.") from error
    except OSError as error:
        raise UnreadableFile(f"It cannot be opened: {error.strerror}.") from error
    if not start:
        raise UnreadableFile("It is empty. Copy the file again while the earlier tool is stopped.")
    if start != MAGIC:
        raise UnreadableFile("It is no SQLite database, or it is encrypted. Name the file itself, unpacked and decrypted.")


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _cell(value: Any) -> Cell:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
