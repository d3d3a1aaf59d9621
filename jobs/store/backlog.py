"""How long queued work has been waiting for somebody to claim it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, TextClause, text

from jobs.store import item as item_store
from models.job_state import ACTIVE, JobStatus

_ACTIVE = ", ".join(f"'{status}'" for status in ACTIVE)

# While nothing is claimed, every active job has queued items: it would have ended with its last one. The first of them waits longest.
OLDEST_ACTIVE = text(f"SELECT created_at FROM analysis_jobs WHERE status IN ({_ACTIVE}) ORDER BY created_at LIMIT 1")
# When workers last gave a sign of life, as far as rows tell: by a job that they began, or by one that ended (not by being cancelled),
LAST_STARTED = text(
    f"SELECT started_at FROM analysis_jobs WHERE status IN ({_ACTIVE}) AND started_at IS NOT NULL ORDER BY started_at DESC LIMIT 1"
)
LAST_FINISHED = text(
    f"SELECT finished_at FROM analysis_jobs WHERE finished_at IS NOT NULL AND status <> '{JobStatus.CANCELLED}' "
    "ORDER BY finished_at DESC LIMIT 1"
)
# or by an item that ended in a job which goes on.
LAST_ITEM = text(
    "SELECT i.finished_at FROM analysis_job_items AS i JOIN analysis_jobs AS j ON i.job_id = j.id "
    f"WHERE j.status IN ({_ACTIVE}) AND i.finished_at IS NOT NULL ORDER BY i.finished_at DESC LIMIT 1"
)


def waiting_since(connection: Connection) -> datetime | None:
    """Since when work has been queued that nobody claims any of; None while somebody does, or nothing is queued."""
    if item_store.is_anything_processed(connection):
        return None
    oldest = _moment(connection, OLDEST_ACTIVE)
    if oldest is None:
        return None
    signs = (_moment(connection, statement) for statement in (LAST_STARTED, LAST_FINISHED, LAST_ITEM))
    return max(oldest, *(sign or oldest for sign in signs))


def waiting_seconds(connection: Connection) -> float:
    """How long that has been, by the clock that leases are measured with; 0 when nothing waits."""
    since = waiting_since(connection)
    return 0.0 if since is None else max(0.0, (item_store.database_now(connection) - since).total_seconds())


def _moment(connection: Connection, statement: TextClause) -> datetime | None:
    found: datetime | None = connection.execute(statement).scalar()
    return found
