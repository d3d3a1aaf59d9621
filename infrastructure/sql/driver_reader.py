"""Reading past SQLAlchemy's execution: its pool, its binding and its errors, without building a result object for every row of numbers.

For the few reads that every request makes. A statement is compiled by the dialect once and then goes straight to the driver's cursor.
With SQLAlchemy's execution instead, reading a job took 22 % (Postgres) to 39 % (SQLite) more CPU time a request, and an analysis that is
stored 11 % to 25 %. COPY needs the driver's cursor anyway.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Dialect, Engine, TextClause, exc

from infrastructure.sql.pool_events import FAILED

LARGE_BYTES = 4_000_000
_compiled: weakref.WeakKeyDictionary[Engine, dict[TextClause, tuple[str, list[str] | None]]] = weakref.WeakKeyDictionary()


class Rows:
    """The rows of one statement, fetched."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def first(self) -> Any:
        """The first row, or None."""
        return self._rows[0] if self._rows else None


class Reader:
    """A pooled connection in autocommit that only reads; to be used with `with`, wherever a store function takes one."""

    __slots__ = ("_connection", "_engine", "_is_swollen", "_note")

    def __init__(self, engine: Engine, note: Callable[[exc.SQLAlchemyError], bool] = lambda error: False) -> None:
        """Take a connection; `note` is told of every error, which does not pass SQLAlchemy's own events here."""
        self._engine, self._note = engine, note
        self._is_swollen = False
        try:
            self._connection = engine.raw_connection()
        except engine.dialect.loaded_dbapi.Error as error:
            raise self._as_sqlalchemys(None, error, lost=False) from error

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_swollen:
            # libpq's buffer has grown to twice the largest row, and would stay that large as long as the connection is pooled.
            self._connection.invalidate()
        self._connection.close()

    def execute(self, statement: TextClause, parameters: Mapping[str, Any]) -> Rows:
        """Run a SELECT and fetch its rows. Raises what SQLAlchemy would."""
        sql, names = self._compile(statement)
        cursor = self._connection.cursor()
        try:
            cursor.execute(sql, parameters if names is None else tuple([parameters[name] for name in names]))
            return Rows(cursor.fetchall())
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise self._translate(sql, error, cursor) from error
        finally:
            cursor.close()

    def each(self, statement: TextClause, parameters: Mapping[str, Any], receive: Callable[[Any], None]) -> None:
        """Run a SELECT and pass its rows to `receive` one after the other, so that one row is in memory at a time. Raises likewise."""
        sql, names = self._compile(statement)
        cursor: Any = self._connection.cursor()
        try:
            cursor.execute(sql, parameters if names is None else tuple([parameters[name] for name in names]))
            for row in cursor:
                receive(row)
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise self._translate(sql, error, cursor) from error
        finally:
            cursor.close()

    @property
    def dialect(self) -> Dialect:
        """The engine's dialect."""
        return self._engine.dialect

    @property
    def speaks_copy(self) -> bool:
        """Whether `copy` works here: on Postgres."""
        return self._engine.dialect.name == "postgresql"

    def copy(self, statement: str, parameters: Mapping[str, Any], receive: Callable[[tuple[bytes | None, ...]], None]) -> None:
        """Run a `COPY (SELECT …) TO STDOUT (FORMAT binary)` and pass the fields of each row to `receive`, as the server sends them.

        Large binary values come as they are: a SELECT through this driver turns them into hexadecimal and back, five times as slow.
        Meanwhile the server reads the next row.
        """
        from infrastructure.sql.postgres import BinaryRows  # noqa: PLC0415 — on SQLite the driver would cost 5 MB for nothing

        cursor = self._connection.cursor()
        rows = BinaryRows(receive)
        try:
            cursor.copy_expert(cursor.mogrify(statement, parameters), rows)
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise self._translate(statement, error, cursor) from error
        finally:
            cursor.close()
        self._is_swollen |= rows.largest > LARGE_BYTES
        rows.raise_failure()

    def _compile(self, statement: TextClause) -> tuple[str, list[str] | None]:
        known = _compiled.setdefault(self._engine, {})
        if statement not in known:
            compiled = statement.compile(dialect=self._engine.dialect)
            known[statement] = (str(compiled), getattr(compiled, "positiontup", None))
        return known[statement]

    def _translate(self, sql: str, error: Any, cursor: Any) -> exc.StatementError:
        dialect = self._engine.dialect
        lost = dialect.is_disconnect(error, self._connection.dbapi_connection, cursor)
        if lost:
            # The others in the pool were very likely cut by the same event.
            self._connection.invalidate(error)
            self._engine.dispose()
        return self._as_sqlalchemys(sql, error, lost)

    def _as_sqlalchemys(self, sql: str | None, error: Any, lost: bool) -> exc.StatementError:
        dialect = self._engine.dialect
        base = dialect.loaded_dbapi.Error
        made = exc.DBAPIError.instance(sql, None, error, base, hide_parameters=True, connection_invalidated=lost, dialect=dialect)
        assert isinstance(made, exc.StatementError)
        if self._note(made) and not lost and sql is not None:
            self._connection.info[FAILED] = True
        return made
