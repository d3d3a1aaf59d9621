"""Whether a database takes writes: a write that is done for real, and changes nothing."""

from __future__ import annotations

from sqlalchemy import Connection, exc, text

from database import Database
from utils.database_errors import Explanation, explanation_of, refuses_writes

# An applied migration's row is written by nobody again, so nobody waits for it.
WRITE_LEDGER = text("UPDATE db_version SET duration_ms = duration_ms WHERE version = 1")
MAKE_TABLE = text("CREATE TABLE write_probe (id BIGINT)")


def write_row(connection: Connection, has_tables: bool) -> None:
    """Write a row that exists, leaving it as it is; without tables make one, which is to be rolled back."""
    connection.execute(WRITE_LEDGER if has_tables else MAKE_TABLE)


def try_to_write(database: Database) -> Explanation | None:
    """Write a row; why the database refuses it, or None when it does not."""
    try:
        with database.transaction() as connection:
            write_row(connection, has_tables=True)
    except exc.DBAPIError as error:
        if not refuses_writes(error):
            raise
        return explanation_of(error)
    database.refused_write = None
    return None
