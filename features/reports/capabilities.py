"""What reports offer to schedules and pipelines."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from pydantic import Field
from sqlalchemy import Connection

from api.schemas import Body
from database import Database
from features.analyses.schemas.result import ResultsFilterQuery
from features.analyses.service import first_page
from features.reports import service
from features.reports.schemas.kept import NewReportRequest
from features.reports.service import Asked
from features.strategies.service import require_known
from infrastructure.capability import Call, Capability, Reads, Started, Starts
from infrastructure.foundation import Foundation
from jobs.flags import BULK_JOBS
from jobs.outcome import ended
from models.job import Job
from models.job_state import JobStatus
from utils.json_text import parse_tolerant


class ReportInputs(Body):
    """The results that a report is about."""

    filter: ResultsFilterQuery = Field(ResultsFilterQuery(), description="The filter and the order, as the query of GET /results.")
    limit: int = Field(20, ge=0, le=200, description="The results that are told here; the file has all.")


def report_capability(foundation: Foundation) -> Capability:
    """The capability `report`: what the report of the latest results says in short, and where its file is."""

    def answer(database: Database, call: Call, inputs: ReportInputs) -> dict[str, Any]:
        with database.read() as connection:
            require_known(connection, call.org_id, inputs.filter.strategy)
            items, total = first_page(connection, call.org_id, inputs.filter.filter(), foundation.universes, max(inputs.limit, 1))
        query = urlencode(inputs.filter.model_dump(mode="json", exclude_defaults=True))
        path = f"/api/v1/reports/results.xlsx{'?' if query else ''}{query}"
        return {"total": total, "items": items[: inputs.limit], "link": path}

    return Capability(
        "report", "The latest results that match a filter, and the address of their Excel report.", ReportInputs, Reads(answer)
    )


def keeping_capability(foundation: Foundation) -> Capability:
    """The capability `keep_report`: a report that a job makes and that is kept, as POST /reports takes it."""

    def start(connection: Connection, call: Call, inputs: NewReportRequest) -> Started:
        asked = Asked(inputs.order(), inputs.params(), call.caused_by, foundation.settings.reports_kept_days)
        _, submission = service.submit(connection, call.org_id, asked, foundation.universes)
        return Started(submission.job.id)

    description = "Has a report made and kept, and tells where its file is."
    return Capability("keep_report", description, NewReportRequest, Starts(start, _answer_kept), BULK_JOBS)


def _answer_kept(connection: Connection, call: Call, inputs: NewReportRequest, job: Job) -> dict[str, Any]:
    report_id = parse_tolerant(job.params)["report_id"]
    is_ready = job.status is JobStatus.COMPLETED and job.succeeded == job.total
    link = f"/api/v1/reports/{report_id}/file" if is_ready else None
    return {**ended(connection, call, inputs, job), "report_id": report_id, "link": link}
