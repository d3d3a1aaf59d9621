"""How the service stands, for whoever is on call."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app

import database
from api.blueprint import api_blueprint
from api.health import CHECKS, breaker_answer
from api.job_events import FEED
from api.rate_limit import LIMITER
from config import VERSION, Settings
from infrastructure.rate_limiter import RateLimiter
from schemas.admin import StatusAnswer
from schemas.problem import problem_answers
from services.admin import jobs_status
from services.health import HealthChecks
from services.job_feed import JobFeed
from utils.api_utils import json_response
from utils.marks import admin

blueprint = api_blueprint("admin", "Administration")


@blueprint.get("/admin/status", responses={200: StatusAnswer, **problem_answers(403)})
@admin
def get_status() -> Response:
    """Connections, circuit breakers, jobs and limits. Answers also while the database does not, without the jobs."""
    settings: Settings = current_app.extensions["settings"]
    checks: HealthChecks = current_app.extensions[CHECKS]
    feed: JobFeed = current_app.extensions[FEED]
    here = database.current()
    answer = {
        "pool": here.status(),
        "breakers": [breaker_answer(breaker) for breaker in checks.breakers()],
        "jobs": jobs_status(settings),
        "limits": _limits(settings),
        "streams": {"limit": settings.streams_per_worker, "is_full": feed.is_full},
        "version": VERSION,
        "environment": settings.environment,
        "database": here.description,
    }
    return json_response(answer)


def _limits(settings: Settings) -> dict[str, Any]:
    limiter: RateLimiter | None = current_app.extensions.get(LIMITER)
    return {
        "enabled": settings.rate_limit_enabled,
        "shared": limiter is not None and limiter.is_shared,
        "per_minute": settings.rate_limit_per_minute,
        "per_hour": settings.rate_limit_per_hour,
        "analyses_per_minute": settings.rate_limit_analyses_per_minute,
        "bulk_per_minute": settings.rate_limit_bulk_per_minute,
        "uploads_per_minute": settings.rate_limit_uploads_per_minute,
        "heavy_reads_per_minute": settings.rate_limit_heavy_reads_per_minute,
    }
