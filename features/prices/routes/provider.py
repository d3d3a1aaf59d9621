"""GET /providers."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.blueprint import api_blueprint
from api.services import services
from features.prices.registry import Known
from features.prices.registry import known as known_providers
from features.prices.routes.tags import PRICES
from features.prices.schemas.provider import ProviderList
from models.provider import WindowUse
from utils.api_utils import json_response
from utils.clock import now

blueprint = api_blueprint("provider", PRICES)


@blueprint.get("/providers", responses={200: ProviderList})
def list_providers() -> Response:
    """Every provider of prices: whether it is asked, what it needs, its breaker, the calls that are left, and its last error.

    Reading it asks no provider for anything.
    """
    return json_response({"items": [_item(each) for each in known_providers(services().settings, services().database)]})


def _item(known: Known) -> dict[str, Any]:
    state = known.circuit.state()
    open_until = state.closed_until if state.closed_until is not None and state.closed_until > now() else None
    error = {"fault": state.last_fault, "message": state.last_error, "at": state.last_error_at}
    return {
        "name": known.name,
        "configured": known.order is not None,
        "order": known.order,
        "terms": known.terms,
        "needs": known.needs,
        "breaker": {"state": "closed" if open_until is None else "open", "failures": state.failures, "open_until": open_until},
        "budget": {"windows": [_window(use) for use in known.budget.uses()]},
        "last_error": error if state.last_error is not None else None,
        "last_success_at": state.last_success_at,
    }


def _window(use: WindowUse) -> dict[str, Any]:
    left = 0 if use.free_at is not None or use.limit is None else use.limit - use.calls
    return {"window": use.window, "limit": use.limit, "used": use.calls, "left": left, "free_at": use.free_at}
