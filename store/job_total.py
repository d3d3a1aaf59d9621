"""Counts of items that outlive their jobs, for metrics: a counter must never fall."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

from database import AnyReader

ADD = text("UPDATE job_totals SET value = value + :more WHERE name = :name")
READ = text("SELECT name, value FROM job_totals")
READ_LIVE = text("SELECT COALESCE(SUM(succeeded), 0), COALESCE(SUM(failed), 0), COALESCE(SUM(cancelled), 0) FROM analysis_jobs")


def add(connection: Connection, more: Mapping[str, int]) -> None:
    """Add to some counts: `succeeded`, `failed` and `cancelled` items of jobs that are removed, `rescued` items."""
    changes = [{"name": name, "more": count} for name, count in sorted(more.items()) if count]
    if changes:
        connection.execute(ADD, changes)


def read(connection: AnyReader) -> dict[str, int]:
    """Every count, those of the jobs that are still there included."""
    totals = {row[0]: int(row[1]) for row in connection.execute(READ, {})}
    for succeeded, failed, cancelled in connection.execute(READ_LIVE, {}):
        for name, live in (("succeeded", succeeded), ("failed", failed), ("cancelled", cancelled)):
            totals[name] += int(live)
    return totals
