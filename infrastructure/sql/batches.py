"""Deletes many rows in small transactions, so that the write lock is never held for long."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from database import Database

ROWS = 500  # a transaction


def delete_in_batches(database: Database, delete: Callable[[Connection, int], int], rows: int = ROWS) -> int:
    """Call `delete` with a connection and a limit of rows until it deletes fewer than the limit. Returns the number of deleted rows."""
    total = 0
    while True:
        with database.transaction() as connection:
            deleted = delete(connection, rows)
        total += deleted
        if deleted < rows:
            return total
