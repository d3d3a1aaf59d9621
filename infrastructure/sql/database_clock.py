"""The clock that all processes over one database share."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from utils.clock import now

# On Postgres the server's clock: the clocks of the machines may disagree.
DATABASE_NOW = text("SELECT clock_timestamp()")


def database_now(connection: Connection) -> datetime:
    """The time by the database server's clock; for an SQLite file, by this machine's."""
    if connection.dialect.name == "sqlite":
        return now()
    moment: datetime = connection.execute(DATABASE_NOW).scalar_one()
    return moment
