"""Jobs. Every update names the status that it starts from and adds 1 to the version; counters change by increments."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.job import ClaimedJob, Fault, Job, Lane, Tally
from models.job_state import ACTIVE, CANCEL, COMPLETE, FAIL, FINISHED, START, STOP, JobStatus
from utils.dialects import Variants, execute_rows, locking

_COLUMNS = """
    id, org_id, kind, lane, status, version, total, succeeded, failed, cancelled, cancel_requested, retry_of, params, error_code, error,
    created_at, started_at, finished_at
"""
_ACTIVE = ", ".join(f"'{status}'" for status in ACTIVE)
_FINISHED = ", ".join(f"'{status}'" for status in FINISHED)
assert (STOP.target, CANCEL.target) == (JobStatus.CANCELLED, JobStatus.CANCELLED)

# The columns that are given for a new job, with their types.
_NEW = {
    "id": "text", "org_id": "bigint", "kind": "text", "lane": "text", "total": "bigint", "dedupe_key": "text", "retry_of": "text",
    "params": "text", "created_at": "timestamptz",
}  # fmt: skip
_INSERT = f"""
    INSERT INTO analysis_jobs ({", ".join(_NEW)}, status, version, succeeded, failed, cancelled, cancel_requested)
    SELECT {{new}}, '{START.source}', 1, 0, 0, 0, false
    {{source}}
    ON CONFLICT DO NOTHING
"""
# The unique index on dedupe_key lets no second active job with the same key in, even when two are inserted at the same time.
INSERT = Variants(
    # Without a WHERE clause, SQLite would take ON CONFLICT for a part of a join.
    _INSERT.format(new=", ".join(f":{name}" for name in _NEW), source="WHERE true"),
    _INSERT.format(
        new=", ".join(f"new.{name}" for name in _NEW),
        source=f"FROM unnest({', '.join(f'CAST(:{name} AS {kind}[])' for name, kind in _NEW.items())}) AS new ({', '.join(_NEW)})",
    ),
)
FIND = text(f"SELECT {_COLUMNS} FROM analysis_jobs WHERE org_id = :org_id AND id = :id")
FIND_MANY = text(f"SELECT {_COLUMNS} FROM analysis_jobs WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))
FIND_TO_CHANGE = locking(f"SELECT {_COLUMNS} FROM analysis_jobs WHERE org_id = :org_id AND id = :id {{lock}}", "FOR UPDATE")
FIND_ACTIVE = text(f"""
    SELECT {_COLUMNS}
    FROM analysis_jobs
    WHERE org_id = :org_id AND dedupe_key = :dedupe_key AND status IN ({_ACTIVE})
""")
HAS_ACTIVE = text(f"SELECT 1 FROM analysis_jobs WHERE org_id = :org_id AND status IN ({_ACTIVE}) AND kind IN :kinds LIMIT 1").bindparams(
    bindparam("kinds", expanding=True)
)
IS_ANY_ACTIVE = text(f"SELECT 1 FROM analysis_jobs WHERE org_id = :org_id AND status IN ({_ACTIVE}) LIMIT 1")
LOCK_ACTIVE = locking(
    f"SELECT id FROM analysis_jobs WHERE org_id = :org_id AND status IN ({_ACTIVE}) ORDER BY id {{lock}}",
    "FOR UPDATE",
)
LIST = text(f"""
    SELECT {_COLUMNS}
    FROM analysis_jobs
    WHERE org_id = :org_id
        AND (CAST(:status AS TEXT) IS NULL OR status = :status)
        AND (CAST(:before AS TEXT) IS NULL OR id < :before)
    ORDER BY id DESC
    LIMIT :limit
""")
# Locked in order of id, so that two workers cannot deadlock.
LOCK_CLAIMED = locking(
    """
    SELECT id, org_id, kind, params, cancel_requested, status
    FROM analysis_jobs
    WHERE id IN :ids
    ORDER BY id
    {lock}
    """,
    "FOR UPDATE",
)
MARK_STARTED = text(f"""
    UPDATE analysis_jobs
    SET status = '{START.target}', started_at = :now, version = version + 1
    WHERE id IN :ids AND status = '{START.source}'
""").bindparams(bindparam("ids", expanding=True))
_SETTLEMENT = {
    "id": "text", "succeeded": "bigint", "failed": "bigint", "cancelled": "bigint", "ended": "bigint", "cancel": "boolean",
    "error_code": "text", "error": "text", "now": "timestamptz",
}  # fmt: skip
_SETTLE = f"""
    UPDATE analysis_jobs AS j
    SET succeeded = j.succeeded + {{new}}succeeded,
        failed = j.failed + {{new}}failed,
        cancelled = j.cancelled + {{new}}cancelled,
        cancel_requested = (j.cancel_requested OR {{new}}cancel),
        version = j.version + 1,
        error_code = COALESCE(j.error_code, {{new}}error_code),
        error = COALESCE(j.error, {{new}}error),
        status = CASE
            WHEN j.succeeded + j.failed + j.cancelled + {{new}}ended < j.total THEN j.status
            WHEN COALESCE(j.error_code, {{new}}error_code) IS NOT NULL THEN '{FAIL.target}'
            WHEN j.cancelled + {{new}}cancelled > 0 THEN '{STOP.target}'
            ELSE '{COMPLETE.target}'
        END,
        finished_at = CASE WHEN j.succeeded + j.failed + j.cancelled + {{new}}ended < j.total THEN NULL ELSE {{new}}now END
    {{source}}
    WHERE j.id = {{new}}id AND j.status IN ({_ACTIVE})
"""
# Adds items that ended to the counters, and ends the job with its last item. Locked in order of id, so that two workers cannot deadlock.
SETTLE = Variants(
    _SETTLE.format(new=":", source=""),
    f"""
    WITH new AS MATERIALIZED (
        SELECT given.*
        FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _SETTLEMENT.items())}) AS given ({", ".join(_SETTLEMENT)})
        JOIN analysis_jobs AS locked ON locked.id = given.id
        ORDER BY locked.id
        FOR UPDATE OF locked
    )
    {_SETTLE.format(new="new.", source="FROM new")}
    """,
)
MARK_REQUEUED = text("UPDATE analysis_jobs SET requeued_at = :now WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))
FIND_ENDED_AT = text(f"SELECT {_COLUMNS} FROM analysis_jobs WHERE id IN :ids AND finished_at = :now").bindparams(
    bindparam("ids", expanding=True)
)
IS_CANCEL_REQUESTED = text("SELECT id FROM analysis_jobs WHERE id IN :ids AND cancel_requested").bindparams(
    bindparam("ids", expanding=True)
)
COUNT_BY_STATUS = text("SELECT status, count(*) FROM analysis_jobs GROUP BY status")
FINISHED_BEFORE = text("SELECT id FROM analysis_jobs WHERE finished_at < :before ORDER BY finished_at LIMIT :limit")
DELETE = text(f"DELETE FROM analysis_jobs WHERE id = :id AND status IN ({_FINISHED}) RETURNING succeeded, failed, cancelled")


@dataclass(frozen=True)
class JobRow:
    """The fields of a new job. Its items are stored by jobs/store/item.py."""

    id: str
    kind: str
    lane: Lane
    total: int
    params: str
    dedupe_key: str | None
    retry_of: str | None
    created_at: datetime


def insert(connection: Connection, org_id: int, row: JobRow) -> bool:
    """Insert a new job, unless a job with its dedupe key is active; return whether it was inserted."""
    return execute_rows(connection, INSERT, [{"org_id": org_id, **vars(row)}]) == 1


def insert_many(connection: Connection, org_id: int, rows: Sequence[JobRow]) -> None:
    """Insert new jobs without dedupe keys."""
    execute_rows(connection, INSERT, [{"org_id": org_id, **vars(row)} for row in rows])


def find(connection: AnyReader, org_id: int, job_id: str) -> Job | None:
    """The organization's job with this id, else None."""
    return _job_or_none(connection.execute(FIND, {"org_id": org_id, "id": job_id}).first())


def find_many(connection: Connection, job_ids: Collection[str]) -> list[Job]:
    """The jobs with these ids, of any organization: for callers that have checked access to each of them by `find`."""
    return [job_from_row(row) for row in connection.execute(FIND_MANY, {"ids": list(job_ids)})]


def find_to_change(connection: Connection, org_id: int, job_id: str) -> Job | None:
    """Like `find`, and lock the job until the transaction ends."""
    return _job_or_none(connection.execute(FIND_TO_CHANGE.on(connection), {"org_id": org_id, "id": job_id}).first())


def find_active(connection: Connection, org_id: int, dedupe_key: str) -> Job | None:
    """The active job with this dedupe key, else None."""
    return _job_or_none(connection.execute(FIND_ACTIVE, {"org_id": org_id, "dedupe_key": dedupe_key}).first())


def has_active(connection: Connection, org_id: int, kinds: Collection[str]) -> bool:
    """Whether an organization has a queued or running job of some kinds."""
    return connection.execute(HAS_ACTIVE, {"org_id": org_id, "kinds": list(kinds)}).first() is not None


def is_any_active(connection: AnyReader, org_id: int) -> bool:
    """Whether an organization has a queued or running job of any kind."""
    return connection.execute(IS_ANY_ACTIVE, {"org_id": org_id}).first() is not None


def lock_active(connection: Connection, org_id: int) -> list[str]:
    """Lock the queued and running jobs of an organization, in the order in which workers lock jobs; return their ids."""
    return [row[0] for row in connection.execute(LOCK_ACTIVE.on(connection), {"org_id": org_id})]


COUNT_OPEN = text(
    f"SELECT count(*) FROM analysis_jobs WHERE org_id = :org_id AND status IN ({_ACTIVE}) AND kind NOT IN :others"
).bindparams(bindparam("others", expanding=True))


def count_open(connection: Connection, org_id: int, others: Collection[str]) -> int:
    """The number of queued or running jobs of an organization, but for `others`: kinds that do not count."""
    return sum(row[0] for row in connection.execute(COUNT_OPEN, {"org_id": org_id, "others": list(others) or [""]}))


def list_jobs(connection: Connection, org_id: int, status: str | None, before: str | None, limit: int) -> list[Job]:
    """Up to `limit` jobs, newest first; with the id `before`, only those older than that job."""
    values = {"org_id": org_id, "status": status, "before": before, "limit": limit}
    return [job_from_row(row) for row in connection.execute(LIST, values)]


def start_claimed(connection: Connection, job_ids: Iterable[str], now: datetime) -> dict[str, ClaimedJob]:
    """Lock the jobs of claimed items and start those that are queued; return all of them by id."""
    ids = sorted(set(job_ids))
    statement = LOCK_CLAIMED.on(connection).bindparams(bindparam("ids", expanding=True))
    rows = connection.execute(statement, {"ids": ids}).all()
    queued = [row[0] for row in rows if row[5] == START.source]
    if queued:
        connection.execute(MARK_STARTED, {"ids": queued, "now": now})
    return {row[0]: ClaimedJob(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows}


@dataclass(frozen=True)
class Settlement:
    """The change of a job: the items that ended, whether its cancellation is requested, and the reason if it cannot be run."""

    tally: Tally
    cancel: bool = False
    fault: Fault | None = None


def settle(connection: Connection, job_id: str, settlement: Settlement, now: datetime) -> None:
    """Apply a settlement. The job ends with its last item."""
    execute_rows(connection, SETTLE, [_settle_values(job_id, settlement, now)])


def settle_many(connection: Connection, tallies: Mapping[str, Tally], now: datetime) -> None:
    """Count ended items of several jobs, in order of id so that two workers cannot deadlock."""
    execute_rows(connection, SETTLE, [_settle_values(job_id, Settlement(tally), now) for job_id, tally in sorted(tallies.items())])


def find_ended_at(connection: Connection, job_ids: Collection[str], moment: datetime) -> list[Job]:
    """Those of the jobs that were ended at a moment: by the settlements of that moment."""
    return [job_from_row(row) for row in connection.execute(FIND_ENDED_AT, {"ids": sorted(job_ids), "now": moment})]


def cancel_requested(connection: Connection, job_ids: Iterable[str]) -> set[str]:
    """The ids of those jobs whose cancellation was requested."""
    return {row[0] for row in connection.execute(IS_CANCEL_REQUESTED, {"ids": list(job_ids)})}


def lock_cancelled(connection: Connection, job_ids: Iterable[str]) -> set[str]:
    """Like `cancel_requested`, and lock all the jobs: no other cancellation is requested before the transaction ends."""
    statement = LOCK_CLAIMED.on(connection).bindparams(bindparam("ids", expanding=True))
    return {row[0] for row in connection.execute(statement, {"ids": sorted(set(job_ids))}) if row[4]}


def mark_requeued(connection: Connection, job_ids: Iterable[str], now: datetime) -> None:
    """Note that items of these jobs came back to the queue. The caller has locked the jobs."""
    connection.execute(MARK_REQUEUED, {"ids": sorted(set(job_ids)), "now": now})


def count_by_status(connection: AnyReader) -> dict[str, int]:
    """The number of jobs in each state that has any."""
    return {row[0]: row[1] for row in connection.execute(COUNT_BY_STATUS, {})}


def finished_before(connection: Connection, before: datetime, limit: int) -> list[str]:
    """The ids of up to `limit` jobs of any organization that finished before `before`, oldest first."""
    return [row[0] for row in connection.execute(FINISHED_BEFORE, {"before": before, "limit": limit})]


def delete(connection: Connection, job_id: str) -> Tally:
    """Delete a finished job, whose items must be deleted already; return how they ended. Does nothing when there is no such job."""
    row = connection.execute(DELETE, {"id": job_id}).first()
    return Tally() if row is None else Tally(*row)


def job_from_row(row: Any) -> Job:
    """A job from a row of `_COLUMNS`."""
    return Job(
        id=row[0],
        org_id=row[1],
        kind=row[2],
        lane=Lane(row[3]),
        status=JobStatus(row[4]),
        version=row[5],
        total=row[6],
        succeeded=row[7],
        failed=row[8],
        cancelled=row[9],
        cancel_requested=bool(row[10]),
        retry_of=row[11],
        params=row[12],
        error=None if row[13] is None else Fault(row[13], row[14]),
        created_at=row[15],
        started_at=row[16],
        finished_at=row[17],
    )


def _job_or_none(row: Any) -> Job | None:
    return None if row is None else job_from_row(row)


def _settle_values(job_id: str, settlement: Settlement, now: datetime) -> dict[str, Any]:
    tally, fault = settlement.tally, settlement.fault
    return {
        "id": job_id,
        **vars(tally),
        "ended": tally.succeeded + tally.failed + tally.cancelled,
        "cancel": settlement.cancel,
        "error_code": fault.code if fault else None,
        "error": fault.message if fault else None,
        "now": now,
    }


PARAMS_OF_KIND = text("""
    SELECT params, created_at
    FROM analysis_jobs
    WHERE org_id = :org_id AND kind = :kind AND created_at >= :since AND retry_of IS NULL
    ORDER BY id DESC
    LIMIT :limit
""")


def params_of_kind(connection: Connection, org_id: int, kind: str, since: datetime, limit: int) -> list[tuple[str, datetime]]:
    """The parameters of an organization's newest jobs of a kind since a moment, and when they were queued."""
    rows = connection.execute(PARAMS_OF_KIND, {"org_id": org_id, "kind": kind, "since": since, "limit": limit})
    return [(row[0], row[1]) for row in rows]
