"""The file of an SQLite database: created at most once, and never exchanged for another one while a process uses it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, exc

from infrastructure.sql.sqlite import set_pragmas
from utils.database_errors import FileMissing, FileReplaced

Identity = tuple[int, int]  # the device and the inode


class SqliteFile:
    """The file at a path. The first connection may create it; from then on, only the very file that was opened is used.

    By itself SQLite would create a new, empty file in place of one that was moved away, while open connections still used the old one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._may_create = True
        self._opened: Identity | None = None

    def expect(self) -> None:
        """From now on, a missing file is an error."""
        self._may_create = False

    def forget(self) -> None:
        """Take whatever file is there at the next connection; for when no connection is open."""
        self._opened = None

    def guard(self, engine: Engine) -> None:
        """Let the engine open this file alone, and drop its pooled connections once the path holds it no more."""

        @event.listens_for(engine, "do_connect")
        def open_file(dialect: Any, record: Any, arguments: Any, options: dict[str, Any]) -> sqlite3.Connection:
            return self._open(options)

        @event.listens_for(engine, "connect")
        def prepare(connection: sqlite3.Connection, record: Any) -> None:
            set_pragmas(connection)

        @event.listens_for(engine, "checkout")
        def drop_if_changed(connection: Any, record: Any, proxy: Any) -> None:
            if self._find() != self._opened:
                engine.dispose()
                raise exc.DisconnectionError  # a fresh connection is opened, which is refused with the reason

    def _open(self, options: dict[str, Any]) -> sqlite3.Connection:
        creates = self._may_create and self._opened is None
        if creates:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        else:
            self._check()
        mode = "rwc" if creates else "rw"
        location = f"{self.path.absolute().as_uri()}?mode={mode}"
        connection: sqlite3.Connection = sqlite3.connect(location, **{**options, "uri": True})
        if self._opened is None:
            self._opened, self._may_create = self._find(), False
        return connection

    def _check(self) -> None:
        """Raise FileMissing or FileReplaced unless the path holds the file that was opened first, if any.

        Before the first connection, a path that no file can have raises the system's own error.
        """
        present = self._find()
        if present is None:
            if self._opened is None:
                with suppress(FileNotFoundError):
                    self.path.stat()
            raise FileMissing(self.path)
        if self._opened not in (None, present):
            raise FileReplaced(self.path)

    def _find(self) -> Identity | None:
        try:
            status = os.stat(self.path)  # noqa: PTH116 — at every checkout, where Path.stat would take twice as long
        except (FileNotFoundError, NotADirectoryError):
            return None
        return status.st_dev, status.st_ino
