"""POST /bulk-analyze."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.flags import require_flag
from api.problem import problem_answers
from api.rate_limit import Budget, budget
from features.analyses.schemas.analysis import BulkAnalyzeRequest
from jobs import service as job_service
from jobs.flags import BULK_JOBS
from jobs.schemas import ActiveJobAnswer, JobAnswer, SubmitHeaders
from jobs.submission import submit_job

blueprint = api_blueprint("bulk_analysis", "Jobs")


@blueprint.post("/bulk-analyze", responses={202: JobAnswer, 200: ActiveJobAnswer, **problem_answers(400, 409, 413, 415)})
@budget(Budget.BULK)
def bulk_analyze(header: SubmitHeaders, body: BulkAnalyzeRequest) -> Response:
    """Queue a job that analyses many tickers. The same work that is active already is not queued again, unless forced."""
    require_flag(BULK_JOBS)
    order = body.order()
    return submit_job(header.idempotency_key, lambda connection: job_service.submit(connection, org_id(), order))
