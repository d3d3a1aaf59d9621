"""Counts of items that outlive their jobs, for metrics: a counter must never fall."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import Connection, text

from database import AnyReader

ADD = text("UPDATE job_totals SET value = value + :more WHERE name = :name")
# One statement, so that a job is counted once while it is being removed: here or there.
READ = text("""
    SELECT name, value FROM job_totals
    UNION ALL SELECT 'succeeded', COALESCE(SUM(succeeded), 0) FROM analysis_jobs
    UNION ALL SELECT 'failed', COALESCE(SUM(failed), 0) FROM analysis_jobs
    UNION ALL SELECT 'cancelled', COALESCE(SUM(cancelled), 0) FROM analysis_jobs
""")


def add(connection: Connection, more: Mapping[str, int]) -> None:
    """Add to some counts: `succeeded`, `failed` and `cancelled` items of jobs that are removed, `rescued` items."""
    changes = [{"name": name, "more": count} for name, count in sorted(more.items()) if count]
    if changes:
        connection.execute(ADD, changes)


def read(connection: AnyReader) -> dict[str, int]:
    """Every count, those of the jobs that are still there included."""
    totals: Counter[str] = Counter()
    for name, value in connection.execute(READ, {}):
        totals[name] += int(value)
    return totals
