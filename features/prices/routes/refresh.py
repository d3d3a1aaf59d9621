"""POST /refresh."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import JOBS, api_blueprint
from api.flags import require_flag
from api.marks import needs
from api.problem import BODY_PROBLEMS
from api.rate_limit import Budget, budget
from api.schemas import SubmitHeaders
from api.services import services
from features.prices.flags import FETCHES
from features.prices.schemas.refresh import ActiveRefreshJobAnswer, RefreshJobAnswer, RefreshRequest
from jobs.flags import BULK_JOBS
from jobs.submission import submit_job
from models.access import Scope
from models.price_errors import NoProvider

blueprint = api_blueprint("refresh", JOBS)


@blueprint.post(
    "/refresh",
    responses={202: RefreshJobAnswer, 200: ActiveRefreshJobAnswer},
    problems=(
        *BODY_PROBLEMS,
        "conflict",
        "no_provider",
        "universe_not_found",
        "idempotency_mismatch",
        "organization_limit",
        "feature_disabled",
    ),
    sends=("Location", "Idempotent-Replayed"),
)
@needs(Scope.ANALYSE)
@budget(Budget.BULK)
def refresh(header: SubmitHeaders, body: RefreshRequest) -> Response:
    """Queue a job that brings the prices of many tickers up to date, within the limits of the providers.

    Only what is missing is fetched. Items beyond a provider's limit wait for its next minute, hour or day: `waiting` of the job tells until
    when. A ticker that no provider can serve keeps its prices.
    """
    from features.prices.refreshing import submit  # noqa: PLC0415 — few installations refresh, and the clients load slowly
    from features.prices.registry import configured  # noqa: PLC0415 — as above

    require_flag(BULK_JOBS)
    require_flag(FETCHES)
    if not services().settings.price_providers:
        raise NoProvider
    order = body.order()
    with configured(services().settings, services().database) as providers:
        return submit_job(header.idempotency_key, lambda connection: submit(connection, org_id(), order, services().universes, providers))
