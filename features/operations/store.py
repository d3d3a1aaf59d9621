"""Whether this database can be written to: a write that is done for real, and changes nothing."""

from __future__ import annotations

from sqlalchemy import Connection, text

# An applied migration's row is written by nobody again, so nobody waits for it.
WRITE_LEDGER = text("UPDATE db_version SET duration_ms = duration_ms WHERE version = 1")
MAKE_TABLE = text("CREATE TABLE write_probe (id BIGINT)")


def write(connection: Connection, has_tables: bool) -> None:
    """Write a row that is there already, leaving it as it is, or make a table, which is to be rolled back."""
    connection.execute(WRITE_LEDGER if has_tables else MAKE_TABLE)
