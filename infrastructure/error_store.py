"""SQL of the recent errors of all processes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, text

from models.recent_error import RecentError

BUCKET_SECONDS = 600
ADD = text("""
    INSERT INTO recent_errors (kind, subject, error, bucket, occurrences, first_at, last_at, request_id)
    VALUES (:kind, :subject, :error, :bucket, :occurrences, :first_at, :last_at, :request_id)
    ON CONFLICT (kind, subject, error, bucket) DO UPDATE SET
        occurrences = recent_errors.occurrences + excluded.occurrences,
        last_at = excluded.last_at,
        request_id = excluded.request_id
""")


def add(connection: Connection, errors: Iterable[RecentError]) -> None:
    """Count errors, each in its ten minutes. In one order, so that two processes cannot deadlock."""
    rows = [{**vars(error), "bucket": int(error.first_at.timestamp()) // BUCKET_SECONDS} for error in errors]
    rows.sort(key=lambda row: (row["kind"], row["subject"], row["error"], row["bucket"]))
    connection.execute(ADD, rows)


LIST = text("""
    SELECT kind, subject, error, occurrences, first_at, last_at, request_id
    FROM recent_errors
    ORDER BY last_at DESC, kind, subject, error
    LIMIT :limit
""")


def list_errors(connection: Connection, limit: int) -> list[RecentError]:
    """The newest errors."""
    return [RecentError(*row) for row in connection.execute(LIST, {"limit": limit})]


DELETE_BEFORE = text("DELETE FROM recent_errors WHERE last_at < :before")


def delete_before(connection: Connection, before: datetime) -> int:
    """Delete the errors that last occurred before a time; return how many."""
    return connection.execute(DELETE_BEFORE, {"before": before}).rowcount
