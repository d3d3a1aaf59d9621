"""Counts of items for metrics. They outlive the jobs, because a counter must never decrease."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import Connection, text

from database import AnyReader

ADD = text("UPDATE job_totals SET value = value + :increment WHERE name = :name")
# One statement, so that a job that is being deleted is counted exactly once: by its row or in the totals.
READ = text("""
    SELECT name, value
    FROM job_totals
    UNION ALL
    SELECT 'succeeded', COALESCE(SUM(succeeded), 0)
    FROM analysis_jobs
    UNION ALL
    SELECT 'failed', COALESCE(SUM(failed), 0)
    FROM analysis_jobs
    UNION ALL
    SELECT 'cancelled', COALESCE(SUM(cancelled), 0)
    FROM analysis_jobs
""")


def add(connection: Connection, increments: Mapping[str, int]) -> None:
    """Add to the counts: `succeeded`, `failed` and `cancelled` items of a job that is being deleted, or `rescued` items."""
    # In order of name, so that two processes cannot deadlock.
    rows = [{"name": name, "increment": count} for name, count in sorted(increments.items()) if count]
    if rows:
        connection.execute(ADD, rows)


def read(connection: AnyReader) -> dict[str, int]:
    """Every count, including the items of the jobs that are still stored."""
    totals: Counter[str] = Counter()
    for name, value in connection.execute(READ, {}):
        totals[name] += int(value)
    return totals
