"""The time that queued work has waited without any worker claiming items."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from infrastructure.sql.database_clock import database_now
from jobs.store import delay as delay_store
from jobs.store import item as item_store
from models.job import Lane
from models.job_state import ACTIVE, JobStatus

_ACTIVE = ", ".join(f"'{status}'" for status in ACTIVE)

# While items of a lane are queued and none is claimed, its work has waited since the oldest active job came, or since the last activity.
OLDEST_ACTIVE = text(f"""
    SELECT created_at
    FROM analysis_jobs
    WHERE status IN ({_ACTIVE}) AND lane = :lane
    ORDER BY created_at
    LIMIT 1
""")
# The last activity of the lane, as far as it is stored, is the latest of four times: the start of an active job,
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
# the return of items of an active job to the queue, before which they were delayed or claimed,
LAST_REQUEUED = text(f"""
    SELECT requeued_at
    FROM analysis_jobs
    WHERE status IN ({_ACTIVE}) AND requeued_at IS NOT NULL AND lane = :lane
    ORDER BY requeued_at DESC
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


_ACTIVITY = (LAST_STARTED, LAST_FINISHED, LAST_REQUEUED, LAST_ITEM)


def waiting_since(connection: Connection, lane: Lane, moment: datetime) -> datetime | None:
    """The time since which the work of a lane has waited at this moment; None while a worker holds items of the lane, or nothing waits.

    Delayed items wait for no worker until their delay is over. They are requeued by workers, so where none is alive they wait from then on.
    """
    if item_store.has_claimed_items(connection, lane):
        return None
    due = delay_store.oldest_due(connection, lane, moment)
    if item_store.next_queued_job(connection, lane) is None:
        return due
    oldest: datetime | None = connection.execute(OLDEST_ACTIVE, {"lane": lane}).scalar()
    if oldest is None:
        return due
    activity = (connection.execute(statement, {"lane": lane}).scalar() for statement in _ACTIVITY)
    queued = max(oldest, *(done or oldest for done in activity))
    return queued if due is None else min(queued, due)


def waiting_lanes(connection: Connection) -> dict[Lane, float]:
    """The seconds that each lane's work has waited, by the database's clock, which also measures leases. Lanes where none does lack."""
    moment = database_now(connection)
    since = {lane: waiting_since(connection, lane, moment) for lane in Lane}
    return {lane: max(0.0, (moment - begin).total_seconds()) for lane, begin in since.items() if begin is not None}


def waiting_seconds(connection: Connection) -> float:
    """The longest wait of any lane; 0 when nothing waits."""
    return max(waiting_lanes(connection).values(), default=0.0)


def count_waiting(connection: Connection) -> int:
    """The number of items that wait to be claimed: the queued ones, and those whose delay is over."""
    return item_store.count_queued(connection) + delay_store.count_due(connection, database_now(connection))
