"""What a finished job tells those who waited for it."""

from __future__ import annotations

from typing import Any

from models.job import Job


def outcome_of(job: Job) -> dict[str, Any]:
    """How a job ended, as JSON."""
    return {
        "job_id": job.id,
        "status": job.status.value,
        "total": job.total,
        "succeeded": job.succeeded,
        "failed": job.failed,
        "cancelled": job.cancelled,
        "error": None if job.error is None else job.error.message,
    }
