"""SQL of the attempts to fetch rates."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from models.fx import FxFetch

FIND = text("SELECT source, fetched_at, error, failures, next_at FROM fx_fetches WHERE source = :source")


def find(connection: Connection, source: str) -> FxFetch | None:
    """The last attempts; None before the first."""
    row = connection.execute(FIND, {"source": source}).one_or_none()
    return None if row is None else FxFetch(*row)


SAVE = text(
    """
    INSERT INTO fx_fetches (source, fetched_at, error, failures, next_at) VALUES (:source, :fetched_at, :error, :failures, :next_at)
    ON CONFLICT (source) DO UPDATE SET
        fetched_at = COALESCE(excluded.fetched_at, fx_fetches.fetched_at), error = excluded.error, failures = excluded.failures,
        next_at = excluded.next_at
    """
)


def save(connection: Connection, fetch: FxFetch) -> None:
    """Note an attempt; `fetched_at` of None keeps when there last was an answer."""
    connection.execute(SAVE, vars(fetch))


POSTPONE = text(
    """
    INSERT INTO fx_fetches (source, failures, next_at) VALUES (:source, 0, :next_at)
    ON CONFLICT (source) DO UPDATE SET next_at = excluded.next_at
    """
)


def postpone(connection: Connection, source: str, next_at: datetime) -> None:
    """A fetch that is queued is not due until then."""
    connection.execute(POSTPONE, {"source": source, "next_at": next_at})
