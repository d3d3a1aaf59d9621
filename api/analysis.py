"""POST /analyze."""

from __future__ import annotations

from flask import Response

from api.auth import org_id
from api.blueprint import api_blueprint
from schemas.analysis import AnalyzeRequest
from schemas.problem import problem_answers
from schemas.result import ResultAnswer
from services.analysis import analyse_ticker
from utils.api_utils import json_response

blueprint = api_blueprint("analysis", "Analysis")


@blueprint.post("/analyze", responses={200: ResultAnswer, **problem_answers(400, 404, 413, 415)})
def analyze(body: AnalyzeRequest) -> Response:
    """Analyse one ticker; the same work is done once and answered again."""
    answer = analyse_ticker(org_id(), body.order())
    return json_response(answer.body, headers={"ETag": f'"{answer.etag}"'})
