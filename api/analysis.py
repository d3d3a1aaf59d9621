"""POST /analyze."""

from __future__ import annotations

from flask import Response

from api.auth import org_id
from api.blueprint import api_blueprint
from api.cache import cache
from api.feature_flag import require_feature
from api.rate_limit import Budget, budget
from models.feature_flag import Feature
from schemas.analysis import AnalyzeRequest
from schemas.problem import problem_answers
from schemas.result import ResultAnswer
from services.analysis import analyse_ticker
from utils.api_utils import json_response

blueprint = api_blueprint("analysis", "Analysis")


@blueprint.post("/analyze", responses={200: ResultAnswer, **problem_answers(400, 404, 413, 415)})
@budget(Budget.ANALYSES)
def analyze(body: AnalyzeRequest) -> Response:
    """Analyse one ticker; the same work is done once and answered again."""
    require_feature(Feature.ANALYSES)
    answer = analyse_ticker(org_id(), body.order(), cache())
    return json_response(answer.body, headers={"ETag": f'"{answer.etag}"'})
