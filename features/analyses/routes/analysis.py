"""POST /analyze."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.flags import require_flag
from api.marks import needs
from api.problem import BODY_PROBLEMS
from api.rate_limit import Budget, budget
from api.services import services
from features.analyses.flags import ANALYSES
from features.analyses.routes.tags import ANALYSIS
from features.analyses.schemas.analysis import AnalyzeRequest
from features.analyses.schemas.result import ResultAnswer
from features.analyses.service import analyse_ticker
from features.prices.fetching import FETCHES, OnDemand
from features.strategies.service import finder
from models.access import Scope
from models.errors import TickerNotFound
from utils.api_utils import json_response

blueprint = api_blueprint("analysis", ANALYSIS)


@blueprint.post(
    "/analyze",
    responses={200: ResultAnswer},
    problems=(
        *BODY_PROBLEMS,
        "ticker_not_found",
        "insufficient_history",
        "price_quality",
        "prices_pending",
        "prices_unavailable",
        "feature_disabled",
    ),
    sends=("ETag",),
)
@needs(Scope.ANALYSE)
@budget(Budget.ANALYSES)
def analyze(body: AnalyzeRequest) -> Response:
    """Analyse one ticker. A repeated request for the same analysis gets the stored result.

    A ticker without stored prices is fetched first, where a provider is configured. What is not there within `FETCH_ON_DEMAND_SECONDS` is
    answered with 503 and `prices_pending`, and goes on being fetched.
    """
    require_flag(ANALYSES)
    own = services()
    order = body.order(finder(own.database, org_id()))
    try:
        answer = analyse_ticker(own.database, org_id(), order, own.cache)
    except TickerNotFound:
        if not own.settings.price_providers or not own.flags.is_enabled(FETCHES, org_id()):
            raise
        OnDemand(own.settings, own.database, own.wakeup, own.stalls).fetch(org_id(), order.ticker)
        answer = analyse_ticker(own.database, org_id(), order, own.cache)
    return json_response(answer.body, headers={"ETag": f'"{answer.etag}"'})
