"""POST /bulk-analyze."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import JOBS, api_blueprint
from api.flags import require_flag
from api.problem import BODY_PROBLEMS
from api.rate_limit import Budget, budget
from api.schemas import SubmitHeaders
from api.services import services
from features.analyses.bulk import submit
from features.analyses.schemas.analysis import BulkAnalyzeRequest
from features.analyses.schemas.bulk import ActiveBulkJobAnswer, BulkJobAnswer
from features.prices.fetching import FETCHES
from jobs.flags import BULK_JOBS
from jobs.submission import submit_job
from models.price_errors import NoProvider

blueprint = api_blueprint("bulk_analysis", JOBS)


@blueprint.post(
    "/bulk-analyze",
    responses={202: BulkJobAnswer, 200: ActiveBulkJobAnswer},
    problems=(*BODY_PROBLEMS, "universe_not_found", "conflict", "no_provider", "idempotency_mismatch", "feature_disabled"),
    sends=("Location", "Idempotent-Replayed"),
)
@budget(Budget.BULK)
def bulk_analyze(header: SubmitHeaders, body: BulkAnalyzeRequest) -> Response:
    """Queue a job that analyses many tickers. If an active job does the same, it is returned instead, unless `force` is set."""
    require_flag(BULK_JOBS)
    order = body.order()
    if order.params.refresh:
        require_flag(FETCHES)
        if not services().settings.price_providers:
            raise NoProvider
    return submit_job(header.idempotency_key, lambda connection: submit(connection, org_id(), order, services().universes))
