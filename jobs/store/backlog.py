"""The time that queued work has waited without any worker claiming items."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from infrastructure.sql.database_clock import database_now
from jobs.store import item as item_store
from models.job import Lane
from models.job_state import ACTIVE, JobStatus

_ACTIVE = ", ".join(f"'{status}'" for status in ACTIVE)

# While no item of a lane is claimed, each of its active jobs has queued items, because a job ends with its last item. So the oldest active
# job has waited longest.
OLDEST_ACTIVE = text(f"""
    SELECT created_at
    FROM analysis_jobs
    WHERE status IN ({_ACTIVE}) AND lane = :lane
    ORDER BY created_at
    LIMIT 1
""")
# The last activity of the lane's workers, as far as it is stored, is the latest of three times: the start of an active job,
LAST_STARTED = text(f"""
    SELECT started_at
    FROM analysis_jobs
    WHERE status IN ({_ACTIVE}) AND started_at IS NOT NULL AND lane = :lane
    ORDER BY started_at DESC
    LIMIT 1
""")
# the end of a job that was not cancelled,
LAST_FINISHED = text(f"""
    SELECT finished_at
    FROM analysis_jobs
    WHERE finished_at IS NOT NULL AND status <> '{JobStatus.CANCELLED}' AND lane = :lane
    ORDER BY finished_at DESC
    LIMIT 1
""")
# and the end of an item of an active job.
LAST_ITEM = text(f"""
    SELECT i.finished_at
    FROM analysis_job_items AS i
    JOIN analysis_jobs AS j ON i.job_id = j.id
    WHERE j.status IN ({_ACTIVE}) AND j.lane = :lane AND i.finished_at IS NOT NULL
    ORDER BY i.finished_at DESC
    LIMIT 1
""")


def waiting_since(connection: Connection, lane: Lane) -> datetime | None:
    """The time since which the work of a lane has waited; None while a worker holds items of the lane, or nothing is queued."""
    if item_store.has_claimed_items(connection, lane):
        return None
    oldest: datetime | None = connection.execute(OLDEST_ACTIVE, {"lane": lane}).scalar()
    if oldest is None:
        return None
    activity = (connection.execute(statement, {"lane": lane}).scalar() for statement in (LAST_STARTED, LAST_FINISHED, LAST_ITEM))
    return max(oldest, *(moment or oldest for moment in activity))


def waiting_seconds(connection: Connection) -> float:
    """The longest wait of any lane in seconds, by the database's clock, which also measures leases; 0 when nothing waits."""
    since = [moment for lane in Lane if (moment := waiting_since(connection, lane)) is not None]
    return max(0.0, (database_now(connection) - min(since)).total_seconds()) if since else 0.0
