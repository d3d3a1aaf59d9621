"""SQL that tests whether the database accepts writes, without changing anything."""

from __future__ import annotations

from sqlalchemy import Connection, text

# Nobody else writes the row of an applied migration, so this takes no lock that others wait for.
WRITE_LEDGER = text("UPDATE db_version SET duration_ms = duration_ms WHERE version = 1")
CREATE_TABLE = text("CREATE TABLE write_probe (id BIGINT)")


def write_probe(connection: Connection, has_tables: bool) -> None:
    """Write an existing row unchanged, or without tables create one; the caller rolls back."""
    connection.execute(WRITE_LEDGER if has_tables else CREATE_TABLE)
