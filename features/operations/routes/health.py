"""Health, for platforms and operators. The routes are public, but details need a key, because they would help an attacker."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.authentication import PUBLIC, is_authenticated
from api.blueprint import ApiBlueprint, Tag
from api.marks import public, unlimited
from api.services import services
from features.operations.health import runbook_of, versions
from features.operations.schemas.health import HealthAnswer, LiveAnswer, MigrationsAnswer, PingAnswer, ReadyAnswer
from infrastructure.breaker import Breaker
from infrastructure.check_runner import CheckTimeout
from models.health import CheckState, HealthReport
from utils.api_utils import PROBLEM_TYPE, RETRY_AFTER_SECONDS, ApiError, json_response

blueprint = ApiBlueprint("health", Tag("Health", "Whether the service can do its work."))

# Behind or broken, or a problem while the database is away. Generated clients read the first media type, whatever the answer has.
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
MIGRATIONS_UNAVAILABLE = {
    "description": "The schema cannot be served, or the database does not answer.",
    "x-codes": ["unavailable"],
    "content": {
        "application/json": {"schema": {"anyOf": [{"$ref": "#/components/schemas/MigrationsAnswer"}, _PROBLEM]}},
        PROBLEM_TYPE: {"schema": _PROBLEM},
    },
}


@blueprint.get("/health/live", responses={200: LiveAnswer}, openapi_extensions=PUBLIC)
@public
@unlimited
def get_live() -> Response:
    """This process answers; nothing else is checked."""
    return json_response({"status": "ok"})


@blueprint.get("/api/health/ping", responses={200: PingAnswer}, problems=("unavailable",), openapi_extensions=PUBLIC)
@public
@unlimited
def get_ping() -> Response:
    """The database answers."""
    if not services().health.database().ok:
        raise _unavailable()
    return json_response({"status": "ok"})


@blueprint.get("/health/ready", responses={200: ReadyAnswer, 503: ReadyAnswer}, openapi_extensions=PUBLIC)
@public
@unlimited
def get_ready() -> Response:
    """Whether this process should receive traffic: the database and its schema, Redis if configured, connections, waiting jobs."""
    report = services().health.readiness()
    return _respond(report, _summary(report, _shows_details(report)))


@blueprint.get("/health", responses={200: HealthAnswer, 503: HealthAnswer}, openapi_extensions=PUBLIC)
@public
@unlimited
def get_health() -> Response:
    """Every check; with a key also findings, remedies and durations, and the versions and circuit breakers."""
    report = services().health.everything()
    detailed = _shows_details(report)
    answer = _summary(report, detailed)
    if detailed:
        answer |= {"versions": versions(), "breakers": [breaker_answer(breaker) for breaker in services().breakers]}
    return _respond(report, answer)


@blueprint.get("/health/migrations", responses={200: MigrationsAnswer, 503: MIGRATIONS_UNAVAILABLE}, openapi_extensions=PUBLIC)
@public
@unlimited
def get_migrations() -> Response:
    """The state of the schema; with a key also its migrations."""
    try:
        schema_status = services().health.schema_status()
    except CheckTimeout as error:
        raise _unavailable() from error
    answer: dict[str, Any] = {"status": "ok" if schema_status.can_be_served else "unavailable", "state": schema_status.state}
    if is_authenticated():
        answer |= {
            "version": schema_status.version,
            "current": schema_status.applied[-1].label if schema_status.applied else None,
            "applied": [row.label for row in schema_status.applied],
            "pending": [migration.label for migration in schema_status.pending],
            "found": schema_status.explanation,
            "remedy": schema_status.remedy,
        }
    return _answer(schema_status.can_be_served, answer)


def _shows_details(report: HealthReport) -> bool:
    # Keys are verified in the database. When its check has failed, the request must not wait for it again.
    database_answers = any(check.name == "database" and check.state is not CheckState.CRITICAL for check in report.checks)
    return is_authenticated(ask_database=database_answers)


def _summary(report: HealthReport, detailed: bool) -> dict[str, Any]:
    if detailed:
        checks = [{**vars(check), "runbook": runbook_of(check.name)} for check in report.checks]
    else:
        checks = [{"name": check.name, "state": check.state} for check in report.checks]
    return {"status": "ok" if report.ok else "unavailable", "checks": checks}


def _respond(report: HealthReport, answer: dict[str, Any]) -> Response:
    return _answer(report.ok, answer)


def _answer(ok: bool, answer: dict[str, Any]) -> Response:
    if ok:
        return json_response(answer)
    return json_response(answer, 503, {"Retry-After": str(RETRY_AFTER_SECONDS)})


def breaker_answer(breaker: Breaker) -> dict[str, Any]:
    """A circuit breaker as JSON."""
    return {"name": breaker.name, "state": breaker.state, "failures": breaker.failures, "retry_after": round(breaker.retry_after, 1)}


def _unavailable() -> ApiError:
    return ApiError(503, "unavailable", "The database does not answer right now. Try again in a few seconds.")
