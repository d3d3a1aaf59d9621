"""Locks that writers of one thing take, whether it has rows yet or not."""

from __future__ import annotations

from sqlalchemy import Connection

from utils.dialects import Variants

# In SQLite a transaction that writes is alone.
LOCK = Variants("SELECT 1", "SELECT pg_advisory_xact_lock(:lock, hashtext(:owner))")


def hold_lock(connection: Connection, lock: int, owner: str) -> None:
    """Hold a lock of an owner against other transactions until this one ends.

    `lock` is a number of each kind of lock, so that the hashes of their owners do not meet.
    """
    connection.execute(LOCK.on(connection), {} if connection.dialect.name == "sqlite" else {"lock": lock, "owner": owner})
