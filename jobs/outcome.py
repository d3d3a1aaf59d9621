"""What a finished job tells those who waited for it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from infrastructure.capability import Call
from models.job import Job


def ended(_: Connection, __: Call, ___: Any, job: Job) -> dict[str, Any]:
    """How a job ended, as JSON: the answer of a capability that starts one and has nothing more to tell."""
    return {
        "job_id": job.id,
        "status": job.status.value,
        "total": job.total,
        "succeeded": job.succeeded,
        "failed": job.failed,
        "cancelled": job.cancelled,
        "error": None if job.error is None else job.error.message,
    }
