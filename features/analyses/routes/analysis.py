"""POST /analyze."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.flags import require_flag
from api.problem import BODY_PROBLEMS
from api.rate_limit import Budget, budget
from api.services import services
from features.analyses.flags import ANALYSES
from features.analyses.routes.tags import ANALYSIS
from features.analyses.schemas.analysis import AnalyzeRequest
from features.analyses.schemas.result import ResultAnswer
from features.analyses.service import analyse_ticker
from utils.api_utils import json_response

blueprint = api_blueprint("analysis", ANALYSIS)


@blueprint.post(
    "/analyze",
    responses={200: ResultAnswer},
    problems=(*BODY_PROBLEMS, "ticker_not_found", "insufficient_history", "price_quality", "feature_disabled"),
    sends=("ETag",),
)
@budget(Budget.ANALYSES)
def analyze(body: AnalyzeRequest) -> Response:
    """Analyse one ticker. A repeated request for the same analysis gets the stored result."""
    require_flag(ANALYSES)
    answer = analyse_ticker(services().database, org_id(), body.order(), services().cache)
    return json_response(answer.body, headers={"ETag": f'"{answer.etag}"'})
