"""Health, for platforms and people. Public; without details that help an attacker."""

from __future__ import annotations

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

import database
import db_migrations
from api.auth import PUBLIC, public
from api.blueprint import TAGS
from config import VERSION
from models.health import HealthReport
from schemas.health import LiveAnswer, MigrationsAnswer, ReadyAnswer
from schemas.problem import problem_answers
from services import health
from utils.api_utils import json_response

blueprint = APIBlueprint("health", __name__, abp_tags=[Tag(name="Health", description=TAGS["Health"])])


@blueprint.get("/health/live", responses={200: LiveAnswer}, openapi_extensions=PUBLIC)
@public
def get_live() -> Response:
    """This process answers; nothing else is looked at."""
    return json_response({"status": "ok"})


@blueprint.get("/api/health/ping", responses={200: LiveAnswer, **problem_answers(503)}, openapi_extensions=PUBLIC)
@public
def get_ping() -> Response:
    """The database answers."""
    database.current().ping()
    return json_response({"status": "ok"})


@blueprint.get("/health/ready", responses={200: ReadyAnswer, 503: ReadyAnswer}, openapi_extensions=PUBLIC)
@public
def get_ready() -> Response:
    """Whether traffic should come here: the database answers and its schema can be served."""
    return _report(health.readiness())


@blueprint.get("/health", responses={200: ReadyAnswer, 503: ReadyAnswer}, openapi_extensions=PUBLIC)
@public
def get_health() -> Response:
    """Every check, with what was found, the remedy and how long it took."""
    return _report(health.readiness())


@blueprint.get("/health/migrations", responses={200: MigrationsAnswer, 503: MigrationsAnswer}, openapi_extensions=PUBLIC)
@public
def get_migrations() -> Response:
    """How the schema stands to the code."""
    with database.read() as connection:
        standing = db_migrations.standing(connection)
    answer = {
        "state": standing.state,
        "version": standing.version,
        "applied": [row.label for row in standing.applied],
        "pending": [migration.label for migration in standing.pending],
        "found": standing.explanation,
        "remedy": standing.remedy,
    }
    return json_response(answer, 200 if standing.can_be_served else 503)


def _report(report: HealthReport) -> Response:
    answer = {"status": "ok" if report.ok else "unavailable", "version": VERSION, "checks": report.checks}
    return json_response(answer, 200 if report.ok else 503, {} if report.ok else {"Retry-After": "5"})
