"""The worker processes, by their heartbeats, and the items that each has claimed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from models.job import Lane
from models.worker import Holding, LiveWorker, WorkerIdentity
from utils.ids import moment_of

# A worker that was suspended for long comes back although its row has been removed.
BEAT = text("""
    INSERT INTO workers (id, host, pid, lanes, engine, version, started_at, seen_at)
    VALUES (:id, :host, :pid, :lanes, :engine, :version, :now, :now)
    ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
""")


def beat(connection: Connection, worker: WorkerIdentity, now: datetime) -> None:
    """Store a heartbeat; the first one adds the worker."""
    connection.execute(BEAT, {**vars(worker), "lanes": ",".join(worker.lanes), "now": now})


REMOVE = text("DELETE FROM workers WHERE id = :id")


def remove(connection: Connection, worker_id: str) -> None:
    """Remove a worker that has ended."""
    connection.execute(REMOVE, {"id": worker_id})


DELETE_SILENT = text("DELETE FROM workers WHERE seen_at < :before")


def delete_silent(connection: Connection, before: datetime) -> int:
    """Remove the workers that were last seen before a time; return their number."""
    return connection.execute(DELETE_SILENT, {"before": before}).rowcount


LIST = text("""
    SELECT id, host, pid, lanes, engine, version, started_at, seen_at
    FROM workers
    WHERE seen_at >= :after
    ORDER BY host, pid, id
""")


def list_seen(connection: Connection, after: datetime, now: datetime) -> list[LiveWorker]:
    """The workers that were seen after a time, by machine; `now` is the time by which heartbeats are aged."""
    return [
        LiveWorker(
            WorkerIdentity(row[0], row[1], row[2], tuple(map(Lane, row[3].split(","))), row[4], row[5]),
            started_at=row[6],
            seen_seconds=round(max(0.0, (now - row[7]).total_seconds()), 1),
        )
        for row in connection.execute(LIST, {"after": after})
    ]


# Read by the index of claims, which has as many entries as there are claimed items.
HOLDINGS = text("""
    SELECT held.worker, held.job_id, j.kind, held.items, held.claim_token
    FROM (
        SELECT worker, job_id, claim_token, count(*) AS items
        FROM analysis_job_items
        WHERE claim_token IS NOT NULL
        GROUP BY worker, job_id, claim_token
    ) AS held
    JOIN analysis_jobs AS j ON j.id = held.job_id
    ORDER BY held.claim_token, held.job_id
""")


def list_holdings(connection: Connection) -> list[Holding]:
    """What every worker has claimed, of jobs of every organization, oldest claims first."""
    # The token of a claim is made as it is claimed, and tells the time.
    return [Holding(row[0], row[1], row[2], row[3], moment_of(row[4])) for row in connection.execute(HOLDINGS)]
