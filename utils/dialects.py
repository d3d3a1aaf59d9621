"""Statements that differ between the two engines."""

from sqlalchemy import Connection, TextClause, text


class Variants:
    """One statement in both dialects."""

    def __init__(self, sqlite: str, postgresql: str) -> None:
        self._texts = {"sqlite": text(sqlite), "postgresql": text(postgresql)}

    def on(self, connection: Connection) -> TextClause:
        """The statement for a connection's engine."""
        return self._texts[connection.dialect.name]


def locking(statement: str, clause: str) -> Variants:
    """Fill the placeholder `{lock}` with the row-locking clause. SQLite needs none: its write transaction excludes other writers."""
    return Variants(statement.format(lock=""), statement.format(lock=clause))
