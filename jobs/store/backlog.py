"""How long queued work has been waiting for somebody to claim it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from infrastructure.sql.database_clock import database_now
from jobs.store import item as item_store
from models.job import Lane
from models.job_state import ACTIVE, JobStatus

_ACTIVE = ", ".join(f"'{status}'" for status in ACTIVE)

# While nothing of a lane is claimed, each of its active jobs has queued items: it would have ended with its last one. The first of them
# waits longest.
OLDEST_ACTIVE = text(f"""
    SELECT created_at
    FROM analysis_jobs
    WHERE status IN ({_ACTIVE}) AND lane = :lane
    ORDER BY created_at
    LIMIT 1
""")
# When workers of the lane last gave a sign of life, as far as rows tell: by a job that they began,
LAST_STARTED = text(f"""
    SELECT started_at
    FROM analysis_jobs
    WHERE status IN ({_ACTIVE}) AND started_at IS NOT NULL AND lane = :lane
    ORDER BY started_at DESC
    LIMIT 1
""")
# by one that ended, not by being cancelled,
LAST_FINISHED = text(f"""
    SELECT finished_at
    FROM analysis_jobs
    WHERE finished_at IS NOT NULL AND status <> '{JobStatus.CANCELLED}' AND lane = :lane
    ORDER BY finished_at DESC
    LIMIT 1
""")
# or by an item that ended in a job which goes on.
LAST_ITEM = text(f"""
    SELECT i.finished_at
    FROM analysis_job_items AS i
    JOIN analysis_jobs AS j ON i.job_id = j.id
    WHERE j.status IN ({_ACTIVE}) AND j.lane = :lane AND i.finished_at IS NOT NULL
    ORDER BY i.finished_at DESC
    LIMIT 1
""")


def waiting_since(connection: Connection, lane: Lane) -> datetime | None:
    """Since when work has been queued in a lane of which nobody claims any; None while somebody does, or nothing is queued."""
    if item_store.is_anything_processed(connection, lane):
        return None
    oldest: datetime | None = connection.execute(OLDEST_ACTIVE, {"lane": lane}).scalar()
    if oldest is None:
        return None
    signs = (connection.execute(statement, {"lane": lane}).scalar() for statement in (LAST_STARTED, LAST_FINISHED, LAST_ITEM))
    return max(oldest, *(sign or oldest for sign in signs))


def waiting_seconds(connection: Connection) -> float:
    """How long that has been in the lane where it is longest, by the clock that leases are measured with; 0 when nothing waits."""
    since = [moment for lane in Lane if (moment := waiting_since(connection, lane)) is not None]
    return max(0.0, (database_now(connection) - min(since)).total_seconds()) if since else 0.0
