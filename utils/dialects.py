"""Statements that differ between the two engines."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, TextClause, text


class Variants:
    """One statement in both dialects."""

    def __init__(self, sqlite: str, postgresql: str) -> None:
        self._texts = {"sqlite": text(sqlite), "postgresql": text(postgresql)}

    def on(self, connection: Connection) -> TextClause:
        """The statement for a connection's engine."""
        return self._texts[connection.dialect.name]


def execute_rows(connection: Connection, statement: Variants, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute a statement for several rows with the same names: on SQLite once for each, on Postgres once, with an array of each name.

    Postgres plans a statement at each execution, which takes longer than one row.
    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(statement.on(connection), rows)
    else:
        connection.execute(statement.on(connection), {name: [row[name] for row in rows] for name in rows[0]})


def locking(statement: str, clause: str) -> Variants:
    """Fill the placeholder `{lock}` with the row-locking clause. SQLite needs none: its write transaction excludes other writers."""
    return Variants(statement.format(lock=""), statement.format(lock=clause))
