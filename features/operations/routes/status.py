"""The status of the service, for operators."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.blueprint import ADMINISTRATION, api_blueprint
from api.marks import operators
from api.services import services
from config import VERSION, Settings
from features.operations.routes.health import breaker_answer
from features.operations.schemas.status import StatusAnswer
from jobs.status import jobs_status
from utils.api_utils import json_response

blueprint = api_blueprint("admin", ADMINISTRATION)


@blueprint.get("/admin/status", responses={200: StatusAnswer}, problems=("forbidden",))
@operators
def get_status() -> Response:
    """Connections, circuit breakers, jobs and limits. While the database is away, the jobs are missing."""
    parts = services()
    settings, database = parts.settings, parts.database
    answer = {
        "pool": database.status(),
        "breakers": [breaker_answer(breaker) for breaker in parts.breakers],
        "jobs": jobs_status(database, settings),
        "limits": _limits(settings),
        "streams": {"limit": settings.streams_per_worker, "is_full": parts.job_feed.is_full},
        "version": VERSION,
        "environment": settings.environment,
        "database": database.description,
    }
    return json_response(answer)


def _limits(settings: Settings) -> dict[str, Any]:
    limiter = services().rate_limiter
    return {
        "enabled": settings.rate_limit_enabled,
        "shared": limiter is not None and limiter.is_shared,
        "per_minute": settings.rate_limit_per_minute,
        "per_hour": settings.rate_limit_per_hour,
        "analyses_per_minute": settings.rate_limit_analyses_per_minute,
        "bulk_per_minute": settings.rate_limit_bulk_per_minute,
        "uploads_per_minute": settings.rate_limit_uploads_per_minute,
        "heavy_reads_per_minute": settings.rate_limit_heavy_reads_per_minute,
        "tests_per_minute": settings.rate_limit_tests_per_minute,
    }
