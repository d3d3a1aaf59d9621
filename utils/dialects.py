"""Statements that differ between the two engines."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, Dialect, TextClause, text


class Connected(Protocol):
    """What is connected to one of the two engines."""

    @property
    def dialect(self) -> Dialect:
        """The engine's dialect."""


class Variants:
    """One statement in both dialects."""

    def __init__(self, sqlite: str, postgresql: str) -> None:
        self._texts = {"sqlite": text(sqlite), "postgresql": text(postgresql)}

    def on(self, connection: Connected) -> TextClause:
        """The statement for a connection's engine."""
        return self._texts[connection.dialect.name]


_ELEMENTS = ("(SELECT value FROM json_each(:{name}))", "(SELECT json_array_elements_text(CAST(:{name} AS json)))")


def of_listed(statement: str, name: str) -> Variants:
    """Fill the placeholder of a name, behind IN, with the texts of the JSON array that is bound under it."""
    return Variants(*(statement.format(**{name: elements.format(name=name)}) for elements in _ELEMENTS))


def one_row(into: str, columns: Mapping[str, str], conflict: str) -> str:
    """`into`, the words of an INSERT up to its table, with a row of parameters named as the columns, and what a conflict does."""
    return f"{into} ({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)}) {conflict}"


def many_rows(into: str, columns: Mapping[str, str], conflict: str) -> Variants:
    """The same for `execute_rows`, given the Postgres type of each column."""
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in columns.items())
    return Variants(one_row(into, columns, conflict), f"{into} ({', '.join(columns)}) SELECT * FROM unnest({arrays}) {conflict}")


def execute_rows(connection: Connection, statement: Variants, rows: Sequence[Mapping[str, Any]]) -> int:
    """Execute a statement for several rows with the same names: on SQLite once for each, on Postgres once, with an array of each name.

    Postgres plans a statement at each execution, which takes longer than one row. Returns the number of changed rows.
    """
    if not rows:
        return 0
    chosen = statement.on(connection)
    if connection.dialect.name == "sqlite":
        # The driver knows named parameters: SQLAlchemy would copy each row, which takes as long as storing a short one.
        return connection.exec_driver_sql(chosen.text, list(rows)).rowcount
    changed: int = connection.execute(chosen, {name: [row[name] for row in rows] for name in rows[0]}).rowcount
    return changed


def locking(statement: str, clause: str) -> Variants:
    """Fill the placeholder `{lock}` with the row-locking clause. SQLite needs none: its write transaction excludes other writers."""
    return Variants(statement.format(lock=""), statement.format(lock=clause))
