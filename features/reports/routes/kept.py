"""Reports that are made by a job and kept for a while."""

from __future__ import annotations

from datetime import timedelta

from flask import Response
from sqlalchemy import Connection

from api.attachment import attachment, stored_file_answer
from api.authentication import actor_id, org_id
from api.blueprint import api_blueprint
from api.flags import require_flag
from api.heavy import heavy_read
from api.idempotency import Answer
from api.marks import needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.rate_limit import Budget, budget
from api.repeatable import answer_once
from api.schemas import PageQuery, SubmitHeaders
from api.services import services
from features.files.schemas import FileLinkAnswer, LinkQuery
from features.files.service import files_of
from features.reports import service
from features.reports.routes.tags import REPORTS
from features.reports.schemas.kept import NewReportRequest, ReportAnswer, ReportPage, ReportPath, report_answer
from features.reports.service import Asked, ShownReport
from infrastructure.sql.transaction import after_commit
from jobs.flags import BULK_JOBS
from jobs.room import require_room
from models.access import Scope
from models.kept_report import ReportState
from utils.api_utils import json_response
from utils.clock import now
from utils.json_text import dump

blueprint = api_blueprint("kept_report", REPORTS)


@blueprint.post(
    "/reports",
    responses={202: ReportAnswer},
    problems=(
        *BODY_PROBLEMS,
        *(
            "job_not_found",
            "ticker_not_found",
            "universe_not_found",
            "conflict",
            "idempotency_mismatch",
            "organization_limit",
            "feature_disabled",
        ),
    ),
    sends=("Location", "Idempotent-Replayed"),
)
@needs(Scope.ANALYSE)
@budget(Budget.BULK)
def create_report(header: SubmitHeaders, body: NewReportRequest) -> Response:
    """Have a report made by a job and kept for REPORTS_KEPT_DAYS. Its file can be had once `state` is `ready`; `job_id` tells the progress.

    What it shows is as of the moment when it is made.
    """
    require_flag(BULK_JOBS)
    own = services()
    files_of(own.foundation).require_room(org_id())
    asked = Asked(body.order(), body.params(), actor_id(), own.settings.reports_kept_days)

    def answer(connection: Connection) -> Answer:
        report, submission = service.submit(connection, org_id(), asked, own.universes)
        job = submission.job
        require_room(connection, org_id(), own.foundation)
        after_commit(connection, lambda: own.wakeup.wake_workers(job.id, job.lane))
        told = dump(report_answer(ShownReport(report, ReportState.QUEUED, None, None))).decode()
        return Answer(202, f"/api/v1/reports/{report.id}", told)

    return answer_once(header.idempotency_key, answer)


@blueprint.get("/reports", responses={200: ReportPage})
def list_reports(query: PageQuery) -> Response:
    """The kept reports with their state, newest first."""
    scope = ["reports"]
    before = read_cursor(query.cursor, scope)
    database = services().database
    rows = service.list_reports(database, org_id(), str(before[0]) if before else None, query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.id])
    shown = service.shown(database, org_id(), items)
    return json_response({"items": [report_answer(each) for each in shown], "next_cursor": next_cursor})


@blueprint.get("/reports/<report_id>", responses={200: ReportAnswer}, problems=("not_found",))
def get_report(path: ReportPath) -> Response:
    """One report with its state."""
    return json_response(report_answer(service.find(services().database, org_id(), path.report_id)))


@blueprint.get(
    "/reports/<report_id>/file", responses=stored_file_answer(), problems=("not_found", "conflict"), sends=("Content-Disposition",)
)
@heavy_read()
def get_report_file(path: ReportPath) -> Response:
    """The file of a report; 409 while it has none."""
    file = service.find_file(services().database, org_id(), path.report_id)
    return attachment(files_of(services().foundation).read(file), file.name, file.content_type, file.bytes)


@blueprint.get("/reports/<report_id>/link", responses={200: FileLinkAnswer}, problems=("not_found", "conflict"))
def get_report_link(path: ReportPath, query: LinkQuery) -> Response:
    """A link that gives the file of a report to whoever has it, without a key, until it expires or the report is removed."""
    own = services()
    file = service.find_file(own.database, org_id(), path.report_id)
    moment, report = now(), service.find(own.database, org_id(), path.report_id).report
    expires_at = min(moment + timedelta(seconds=query.seconds), report.expires_at)
    url = files_of(own.foundation).link(file, max(int((expires_at - moment).total_seconds()), 1))
    if url.startswith("/") and own.settings.public_url is not None:
        url = own.settings.public_url.rstrip("/") + url
    return json_response({"url": url, "expires_at": expires_at})


@blueprint.delete("/reports/<report_id>", responses={204: None}, problems=("not_found",))
@needs(Scope.ANALYSE)
def delete_report(path: ReportPath) -> Response:
    """Remove a report with its file. One that is being made is made no longer."""
    service.remove(services().database, files_of(services().foundation), org_id(), path.report_id)
    return Response(status=204)
