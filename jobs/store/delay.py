"""SQL of delayed items: they are claimed by no worker until a moment, and are then requeued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from jobs.store.item import Held
from models.job import Lane, Waiting
from models.job_state import RESCUE, STOP_ITEM
from utils.clock import parse_iso
from utils.dialects import locking

NOBODY = ""  # the worker of a delayed item, whose delay does not end with that of a worker

# No worker knows the new token, so its lease is not extended. When it has expired, the item is requeued like that of a lost worker.
MARK_PUT_OFF = text(f"""
    UPDATE analysis_job_items
    SET claim_token = :new_token, worker = '{NOBODY}', lease_expires_at = :until, tries = tries - :uncounted
    WHERE job_id = :job_id AND key = :key AND claim_token = :token AND status = '{RESCUE.source}'
""")


@dataclass(frozen=True)
class Delay:
    """The delay of items: the token that holds them, and whether their last claim `counts` as a try."""

    new_token: str
    counts: bool


def mark_put_off(connection: Connection, items: Sequence[tuple[Held, datetime]], delay: Delay) -> None:
    """Delay items, each until a moment: move them from their worker's token to that of the delay."""
    if items:
        values = {"new_token": delay.new_token, "uncounted": int(not delay.counts)}
        connection.execute(MARK_PUT_OFF, [{**vars(held), **values, "until": until} for held, until in items])


COUNT_DELAYED = text(
    f"SELECT count(*) FROM analysis_job_items WHERE job_id = :job_id AND status = '{RESCUE.source}' AND worker = '{NOBODY}'"
)


def count_delayed(connection: Connection, job_id: str) -> int:
    """The number of items of a job that are delayed."""
    return int(connection.execute(COUNT_DELAYED, {"job_id": job_id}).scalar_one())


OLDEST_DUE = text(f"""
    SELECT lease_expires_at
    FROM analysis_job_items
    WHERE status = '{RESCUE.source}' AND worker = '{NOBODY}' AND lane = :lane AND lease_expires_at < :now
    ORDER BY lease_expires_at
    LIMIT 1
""")


def oldest_due(connection: Connection, lane: Lane, now: datetime) -> datetime | None:
    """When the first delay of a lane ended whose item has not been requeued yet."""
    ended: datetime | None = connection.execute(OLDEST_DUE, {"lane": lane, "now": now}).scalar()
    return ended


COUNT_DUE = text(
    f"SELECT count(*) FROM analysis_job_items WHERE status = '{RESCUE.source}' AND worker = '{NOBODY}' AND lease_expires_at < :now"
)


def count_due(connection: Connection, now: datetime) -> int:
    """The number of items whose delay is over and that have not been requeued yet."""
    return int(connection.execute(COUNT_DUE, {"now": now}).scalar_one())


FIND_DELAYS = text(
    f"""
    SELECT job_id, count(*), min(lease_expires_at), max(lease_expires_at)
    FROM analysis_job_items
    WHERE status = '{RESCUE.source}' AND worker = '{NOBODY}'
    GROUP BY job_id
    """
)


def find_delays(connection: AnyReader) -> dict[str, Waiting]:
    """How many items of each job are delayed, and until when, by job id; jobs without any are missing."""
    return {row[0]: Waiting(row[1], *map(_moment, row[2:])) for row in connection.execute(FIND_DELAYS, {})}


def _moment(value: datetime | str) -> datetime:
    """SQLite has no type for what an aggregate returns."""
    return parse_iso(value) if isinstance(value, str) else value


# Skips items that are being requeued at the same time: the worker that claims them sees that the job was cancelled.
CANCEL_DELAYED = locking(
    f"""
    UPDATE analysis_job_items
    SET status = '{STOP_ITEM.target}', claim_token = NULL, lease_expires_at = NULL, finished_at = :now
    WHERE job_id = :job_id
        AND key IN (
            SELECT key
            FROM analysis_job_items
            WHERE job_id = :job_id AND status = '{STOP_ITEM.source}' AND worker = '{NOBODY}'
            {{lock}}
        )
    """,
    "FOR UPDATE SKIP LOCKED",
)


def cancel_delayed(connection: Connection, job_id: str, now: datetime) -> int:
    """Cancel the delayed items of a job; return their number."""
    return connection.execute(CANCEL_DELAYED.on(connection), {"job_id": job_id, "now": now}).rowcount
