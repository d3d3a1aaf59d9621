"""POST /bulk-analyze."""

from __future__ import annotations

from flask import Response
from sqlalchemy import Connection

from api.authentication import org_id
from api.blueprint import JOBS, api_blueprint
from api.flags import require_flag
from api.marks import needs
from api.problem import BODY_PROBLEMS
from api.rate_limit import Budget, budget
from api.schemas import SubmitHeaders
from api.services import services
from features.analyses.bulk import submit
from features.analyses.restating import submit_rerun
from features.analyses.schemas.analysis import BulkAnalyzeRequest, RerunRequest
from features.analyses.schemas.bulk import ActiveBulkJobAnswer, BulkJobAnswer, RerunAnswer
from features.prices.fetching import FETCHES
from features.prices.service import resolve_universe
from features.strategies.service import finder
from jobs.flags import BULK_JOBS
from jobs.service import Submission
from jobs.submission import submit_job, submit_jobs
from models.access import Scope
from models.price_errors import NoProvider

blueprint = api_blueprint("bulk_analysis", JOBS)


@blueprint.post(
    "/bulk-analyze",
    responses={202: BulkJobAnswer, 200: ActiveBulkJobAnswer},
    problems=(
        *BODY_PROBLEMS,
        "universe_not_found",
        "conflict",
        "no_provider",
        "idempotency_mismatch",
        "organization_limit",
        "feature_disabled",
    ),
    sends=("Location", "Idempotent-Replayed"),
)
@needs(Scope.ANALYSE)
@budget(Budget.BULK)
def bulk_analyze(header: SubmitHeaders, body: BulkAnalyzeRequest) -> Response:
    """Queue a job that analyses many tickers. If an active job does the same, it is returned instead, unless `force` is set."""
    require_flag(BULK_JOBS)
    order = body.order(finder(services().database, org_id()))
    if order.params.refresh:
        require_flag(FETCHES)
        if not services().settings.price_providers:
            raise NoProvider
    return submit_job(header.idempotency_key, lambda connection: submit(connection, org_id(), order, services().universes))


@blueprint.post(
    "/results/rerun",
    responses={202: RerunAnswer, 200: RerunAnswer},
    problems=(*BODY_PROBLEMS, "conflict", "universe_not_found", "idempotency_mismatch", "organization_limit", "feature_disabled"),
    sends=("Idempotent-Replayed",),
)
@needs(Scope.ANALYSE)
@budget(Budget.BULK)
def rerun(header: SubmitHeaders, body: RerunRequest) -> Response:
    """Queue analyses of the latest results that are superseded, a job for each strategy. 200 where none is new.

    Each also analyses the day of the superseded result by the new prices; what changed is told in comparison with that. The superseded
    result stays in the history.
    """
    require_flag(BULK_JOBS)
    universes, asked = services().universes, body.tickers

    def submit_all(connection: Connection) -> list[Submission]:
        tickers = resolve_universe(connection, org_id(), body.universe, universes) if body.universe else asked
        return submit_rerun(connection, org_id(), None if tickers is None else frozenset(tickers), universes)

    return submit_jobs(header.idempotency_key, submit_all)
