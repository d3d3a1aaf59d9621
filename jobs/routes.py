"""Routes of jobs: read a job and its items, cancel it, and retry its failed items."""

from __future__ import annotations

from flask import Response, request
from werkzeug.http import parse_etags

from api.authentication import org_id
from api.blueprint import JOBS, api_blueprint
from api.flags import require_flag
from api.marks import needs
from api.paging import page, read_cursor
from api.rate_limit import Budget, budget
from api.schemas import JobPath
from api.services import services
from jobs import service as job_service
from jobs.flags import BULK_JOBS
from jobs.schemas import (
    ActiveJobAnswer,
    ChangeHeaders,
    JobAnswer,
    JobItemPage,
    JobItemsQuery,
    JobPage,
    JobQuery,
    JobsQuery,
    JobSummaryAnswer,
    RetryHeaders,
    item_answer,
    job_answer,
    job_tag,
)
from jobs.store import item_list as item_list_store
from jobs.store import job as job_store
from jobs.submission import submit_job
from models.access import Scope
from models.errors import JobNotFound
from models.job import ItemFilter, Job
from utils.api_utils import json_response
from utils.ids import is_id

blueprint = api_blueprint("job", JOBS)


@blueprint.get("/jobs", responses={200: JobPage})
def list_jobs(query: JobsQuery) -> Response:
    """Jobs, newest first."""
    scope = ["jobs", query.status]
    before = read_cursor(query.cursor, scope)
    with services().database.read() as connection:
        rows = job_store.list_jobs(connection, org_id(), query.status, before[0] if before else None, query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.id])
    situation = services().stalls.situation(org_id())
    return json_response({"items": [job_answer(job, situation) for job in items], "next_cursor": next_cursor})


@blueprint.get("/jobs/<job_id>", responses={200: JobAnswer}, problems=("job_not_found",), sends=("ETag",))
def get_job(path: JobPath, query: JobQuery) -> Response:
    """One job with its progress. It is read now, or with `seen` may be up to seconds old.

    `ETag` is its version, and while it cannot get on or items of it wait, also why and until when; `If-None-Match` is supported.
    """
    response = _job_response(services().job_reads.find(org_id(), path.job_id, query.seen))
    if "If-None-Match" in request.headers:
        response.make_conditional(request)
    return response


@blueprint.get("/jobs/<job_id>/items", responses={200: JobItemPage}, problems=("job_not_found",))
def list_job_items(path: JobPath, query: JobItemsQuery) -> Response:
    """A job's items, by key."""
    scope = ["items", path.job_id, query.status, query.outcome, query.changed]
    after = read_cursor(query.cursor, scope)
    if not is_id(path.job_id):
        raise JobNotFound(path.job_id)
    with services().database.read() as connection:
        if job_store.find(connection, org_id(), path.job_id) is None:
            raise JobNotFound(path.job_id)
        item_filter = ItemFilter(query.status, query.outcome, query.changed)
        rows = item_list_store.list_items(connection, path.job_id, item_filter, after[0] if after else "", query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.key])
    return json_response({"items": [item_answer(item) for item in items], "next_cursor": next_cursor})


@blueprint.get("/jobs/<job_id>/summary", responses={200: JobSummaryAnswer}, problems=("job_not_found",))
def get_job_summary(path: JobPath) -> Response:
    """What came of a job in numbers: its items by status, outcome and error."""
    if not is_id(path.job_id):
        raise JobNotFound(path.job_id)
    with services().database.read() as connection:
        job = job_store.find(connection, org_id(), path.job_id)
        if job is None:
            raise JobNotFound(path.job_id)
        groups = item_list_store.count_groups(connection, path.job_id)
    return json_response({"version": job.version, "groups": groups})


@blueprint.post(
    "/jobs/<job_id>/cancel", responses={202: JobAnswer}, problems=("job_not_found", "job_finished", "precondition_failed"), sends=("ETag",)
)
@needs(Scope.ANALYSE)
@budget(Budget.BULK)
def cancel_job(path: JobPath, header: ChangeHeaders) -> Response:
    """Cancel a job. Its queued items end at once, and its claimed ones before the worker begins the next."""
    job = job_service.cancel(services().database, org_id(), path.job_id, _expected_versions(header))
    services().wakeup.wake_streams([job.id])
    return _job_response(job, 202)


@blueprint.post(
    "/jobs/<job_id>/retry",
    responses={202: JobAnswer, 200: ActiveJobAnswer},
    problems=("job_not_found", "conflict", "precondition_failed", "idempotency_mismatch", "organization_limit", "feature_disabled"),
    sends=("Location", "Idempotent-Replayed"),
)
@needs(Scope.ANALYSE)
@budget(Budget.BULK)
def retry_job(path: JobPath, header: RetryHeaders) -> Response:
    """Queue a new job of the failed items."""
    require_flag(BULK_JOBS)
    expected = _expected_versions(header)
    return submit_job(header.idempotency_key, lambda connection: job_service.retry(connection, org_id(), path.job_id, expected))


def _job_response(job: Job, status: int = 200) -> Response:
    situation = services().stalls.situation(org_id())
    return json_response(job_answer(job, situation), status, {"ETag": f'"{job_tag(job, situation)}"'})


def _expected_versions(header: ChangeHeaders) -> list[int] | None:
    """The versions that `If-Match` names; None when any version matches."""
    tags = parse_etags(header.if_match)
    if header.if_match is None or tags.star_tag:
        return None
    # After a colon the tag has what the version does not tell, and the compression. One that is not a number matches no version.
    versions = [(tag or "").partition(":")[0] for tag in tags.as_set()]
    return [int(version) for version in versions if version.isascii() and version.isdigit() and len(version) < 19]
