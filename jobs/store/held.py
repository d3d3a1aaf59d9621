"""SQL of held items: they stay queued, with turns behind the queue, so that no worker claims them until their job is released."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, text

from database import AnyReader
from jobs.store.item import HEAD_TURN, HELD_FROM, Held
from models.job import Lane
from models.job_state import CLAIM, GIVE_BACK
from utils.dialects import locking

# The row is locked until the transaction ends. Whoever releases the job sees all that was held before, or none of it and this row again.
NOTE = text(
    """
    INSERT INTO held_jobs (job_id)
    VALUES (:job_id)
    ON CONFLICT (job_id) DO UPDATE SET job_id = excluded.job_id
    """
)
# Skips items that others are claiming at the same time: they hold these themselves.
HOLD_QUEUED = locking(
    f"""
    UPDATE analysis_job_items
    SET turn = turn + {HELD_FROM}
    WHERE job_id = :job_id
        AND key IN (
            SELECT key
            FROM analysis_job_items
            WHERE job_id = :job_id AND status = '{CLAIM.source}' AND turn < {HELD_FROM}
            {{lock}}
        )
    """,
    "FOR UPDATE SKIP LOCKED",
)


def hold_queued(connection: Connection, job_ids: Collection[str]) -> None:
    """Hold the queued items of jobs, and note that they are held."""
    for job_id in sorted(job_ids):
        connection.execute(NOTE, {"job_id": job_id})
        connection.execute(HOLD_QUEUED.on(connection), {"job_id": job_id})


MARK_HELD = text(
    f"""
    UPDATE analysis_job_items
    SET status = '{GIVE_BACK.target}', claim_token = NULL, lease_expires_at = NULL, tries = tries - 1, turn = turn + {HELD_FROM}
    WHERE job_id = :job_id AND key = :key AND claim_token = :token AND status = '{GIVE_BACK.source}'
    """
)


def mark_held(connection: Connection, items: Collection[Held]) -> None:
    """Give back claimed items that their worker did not run, and hold them. Their last claim does not count as a try."""
    if items:
        connection.execute(MARK_HELD, [vars(held) for held in items])


@dataclass(frozen=True)
class HeldJob:
    """A job with held items."""

    id: str
    org_id: int
    lane: Lane


LIST_JOBS = text(
    """
    SELECT job.id, job.org_id, job.lane
    FROM held_jobs AS held
    JOIN analysis_jobs AS job ON job.id = held.job_id
    ORDER BY job.id
    """
)


def list_jobs(connection: AnyReader) -> list[HeldJob]:
    """The jobs with held items, the oldest first."""
    return [HeldJob(job_id, org_id, Lane(lane)) for job_id, org_id, lane in connection.execute(LIST_JOBS, {})]


FORGET = text("DELETE FROM held_jobs WHERE job_id = :job_id")
FIRST_TURN = text(
    f"""
    SELECT min(turn)
    FROM analysis_job_items
    WHERE job_id = :job_id AND status = '{CLAIM.source}' AND turn >= {HELD_FROM}
    """
)
RELEASE = locking(
    f"""
    UPDATE analysis_job_items
    SET turn = turn - :first + :head + 1
    WHERE job_id = :job_id
        AND key IN (
            SELECT key
            FROM analysis_job_items
            WHERE job_id = :job_id AND status = '{CLAIM.source}' AND turn >= {HELD_FROM}
            {{lock}}
        )
    """,
    "FOR UPDATE",
)


def release(connection: Connection, job: HeldJob) -> bool:
    """Queue the held items of a job, as if it were new; return False where another one does, or did."""
    if connection.execute(FORGET, {"job_id": job.id}).rowcount == 0:
        return False
    first = connection.execute(FIRST_TURN, {"job_id": job.id}).scalar()
    if first is not None:
        head = connection.execute(HEAD_TURN, {"lane": job.lane}).scalar_one()
        connection.execute(RELEASE.on(connection), {"job_id": job.id, "first": first, "head": head})
    return True
