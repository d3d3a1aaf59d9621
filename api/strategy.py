"""The strategies."""

from __future__ import annotations

from flask import Response

from api.blueprint import api_blueprint
from models.strategy import STRATEGIES
from schemas.strategy import StrategyPage
from utils.api_utils import json_response

blueprint = api_blueprint("strategy", "Analysis")


@blueprint.get("/strategies", responses={200: StrategyPage})
def list_strategies() -> Response:
    """The strategies, with their weights and trade rules."""
    return json_response({"items": list(STRATEGIES.values()), "next_cursor": None})
