"""Deletes many rows in small transactions, so that the write lock is never held for long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

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


class KeptStore(Protocol):
    """A store whose rows belong to an organization and a ticker."""

    def crowded_tickers(self, connection: Connection, keep: int) -> list[tuple[int, str]]:
        """Organizations and tickers with more than `keep` rows."""

    def delete_beyond(self, connection: Connection, org_id: int, ticker: str, keep: int, limit: int) -> int:
        """Delete up to `limit` rows of a ticker beyond its newest `keep`; return how many."""


def delete_beyond_newest(database: Database, store: KeptStore, kept: int, rows: int = ROWS) -> int:
    """Delete all but the newest `kept` rows of each organization and ticker. Returns the number of deleted rows."""
    with database.read() as connection:
        crowded = store.crowded_tickers(connection, kept)
    return sum(_delete_of_ticker(database, store, owner, kept, rows) for owner in crowded)


def _delete_of_ticker(database: Database, store: KeptStore, owner: tuple[int, str], kept: int, rows: int) -> int:
    return delete_in_batches(database, lambda connection, limit: store.delete_beyond(connection, *owner, kept, limit), rows)
