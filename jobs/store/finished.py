"""SQL of jobs that ran elsewhere: they are stored as they ended, and no worker ever sees them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, text

from models.job import FinishedItem, FinishedJob
from models.job_state import JobStatus
from utils.dialects import execute_rows, many_rows

_JOB = {
    "id": "text", "org_id": "bigint", "kind": "text", "lane": "text", "status": "text", "version": "bigint", "total": "bigint",
    "succeeded": "bigint", "failed": "bigint", "cancelled": "bigint", "cancel_requested": "boolean", "params": "text", "error_code": "text",
    "error": "text", "created_at": "timestamptz", "started_at": "timestamptz", "finished_at": "timestamptz",
}  # fmt: skip
_ITEM = {
    "job_id": "text", "key": "text", "lane": "text", "status": "text", "turn": "bigint", "tries": "bigint", "result_id": "text",
    "outcome": "text", "facts": "text", "error_code": "text", "error": "text", "finished_at": "timestamptz",
}  # fmt: skip
INSERT_JOBS = many_rows("INSERT INTO analysis_jobs", _JOB, "ON CONFLICT (id) DO NOTHING")
INSERT_ITEMS = many_rows("INSERT INTO analysis_job_items", _ITEM, "ON CONFLICT (job_id, key) DO NOTHING")
FIND_STORED = text("SELECT id FROM analysis_jobs WHERE org_id = :org_id AND id IN :ids").bindparams(bindparam("ids", expanding=True))


def find_stored(connection: Connection, org_id: int, job_ids: Collection[str]) -> set[str]:
    """Those of some ids that jobs of the organization have."""
    return {row[0] for row in connection.execute(FIND_STORED, {"org_id": org_id, "ids": list(job_ids)})}


def insert(connection: Connection, org_id: int, jobs: Sequence[FinishedJob]) -> None:
    """Store finished jobs with their items."""
    execute_rows(connection, INSERT_JOBS, [_job_values(org_id, job) for job in jobs])
    execute_rows(connection, INSERT_ITEMS, [_item_values(job, item) for job in jobs for item in job.items])


def _job_values(org_id: int, job: FinishedJob) -> dict[str, object]:
    tally = job.tally
    return {
        "id": job.id,
        "org_id": org_id,
        "kind": job.kind,
        "lane": job.lane,
        "status": job.status,
        "version": 1,
        "total": tally.succeeded + tally.failed + tally.cancelled,
        **vars(tally),
        "cancel_requested": job.status is JobStatus.CANCELLED,
        "params": job.params,
        "error_code": job.error.code if job.error else None,
        "error": job.error.message if job.error else None,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def _item_values(job: FinishedJob, item: FinishedItem) -> dict[str, object]:
    stored, error = item.stored, item.error
    return {
        "job_id": job.id,
        "key": item.key,
        "lane": job.lane,
        "status": item.status,
        "turn": 0,
        "tries": 0,
        "result_id": stored.result_id if stored else None,
        "outcome": stored.outcome if stored else None,
        "facts": json.dumps(stored.facts) if stored and stored.facts is not None else None,
        "error_code": error.code if error else None,
        "error": error.message if error else None,
        "finished_at": job.finished_at,
    }
