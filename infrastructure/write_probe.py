"""Tests whether the database accepts writes, by a write that changes nothing."""

from __future__ import annotations

from sqlalchemy import Connection, exc, text

from database import Database
from utils.database_errors import Explanation, explanation_of, refuses_writes

# No other transaction writes the row of an applied migration, so none waits for this row's lock.
WRITE_LEDGER = text("UPDATE db_version SET duration_ms = duration_ms WHERE version = 1")
CREATE_TABLE = text("CREATE TABLE write_probe (id BIGINT)")


def write_row(connection: Connection, has_tables: bool) -> None:
    """Write an existing row unchanged, or create a table where there is none; the caller rolls back."""
    connection.execute(WRITE_LEDGER if has_tables else CREATE_TABLE)


def try_to_write(database: Database) -> Explanation | None:
    """Write a row; return why the database refused it, or None when it was written."""
    try:
        with database.transaction() as connection:
            write_row(connection, has_tables=True)
    except exc.DBAPIError as error:
        if not refuses_writes(error):
            raise
        return explanation_of(error)
    database.refused_write = None
    return None
