"""The strategies."""

from __future__ import annotations

from flask import Response

from api.blueprint import api_blueprint
from features.analyses.routes.tags import ANALYSIS
from features.analyses.schemas.strategy import StrategyPage
from models.strategy import STRATEGIES
from utils.api_utils import json_response

blueprint = api_blueprint("strategy", ANALYSIS)


@blueprint.get("/strategies", responses={200: StrategyPage})
def list_strategies() -> Response:
    """The strategies, with their weights and trade rules."""
    return json_response({"items": list(STRATEGIES.values()), "next_cursor": None})
