"""The failed items of the newest jobs, of every organization, by code and without what they say."""

from __future__ import annotations

from sqlalchemy import Connection, text

from models.recent_error import FailedItems

NEWEST = text("""
    SELECT i.job_id, j.kind, i.error_code, count(*), max(i.finished_at)
    FROM (
        SELECT id, kind
        FROM analysis_jobs
        WHERE failed > 0
        ORDER BY id DESC
        LIMIT :jobs
    ) AS j
    JOIN analysis_job_items AS i ON i.job_id = j.id AND i.status = 'failed'
    GROUP BY i.job_id, j.kind, i.error_code
    ORDER BY i.job_id DESC, count(*) DESC, i.error_code
""")


def list_failed(connection: Connection, jobs: int) -> list[FailedItems]:
    """The failed items of the newest `jobs` that have any, newest job first."""
    return [FailedItems(*row) for row in connection.execute(NEWEST, {"jobs": jobs})]
