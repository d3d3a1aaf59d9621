"""SQL of the attempts to fetch shared series."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from models.macro import MacroFetch

LIST = text("SELECT series, fetched_at, error, failures, next_at FROM macro_fetches ORDER BY series")


def list_fetches(connection: Connection) -> dict[str, MacroFetch]:
    """The last attempts, by series."""
    return {row[0]: MacroFetch(*row) for row in connection.execute(LIST)}


SAVE = text(
    """
    INSERT INTO macro_fetches (series, fetched_at, error, failures, next_at) VALUES (:series, :fetched_at, :error, :failures, :next_at)
    ON CONFLICT (series) DO UPDATE SET
        fetched_at = COALESCE(excluded.fetched_at, macro_fetches.fetched_at), error = excluded.error, failures = excluded.failures,
        next_at = excluded.next_at
    """
)


def save(connection: Connection, fetch: MacroFetch) -> None:
    """Note an attempt; `fetched_at` of None keeps when there last was an answer."""
    connection.execute(SAVE, vars(fetch))


POSTPONE = text(
    """
    INSERT INTO macro_fetches (series, failures, next_at) VALUES (:series, 0, :next_at)
    ON CONFLICT (series) DO UPDATE SET next_at = excluded.next_at
    """
)


def postpone(connection: Connection, series: str, next_at: datetime) -> None:
    """A series whose fetch is queued is not due until then."""
    connection.execute(POSTPONE, {"series": series, "next_at": next_at})
