"""The session of a browser, for the pages' own scripts."""

from __future__ import annotations

from flask import Response, g

from api.blueprint import api_blueprint
from features.accounts.api_keys import MASTER
from features.accounts.schemas import SessionAnswer
from models.api_key import Principal
from utils.api_utils import json_response

blueprint = api_blueprint("session", "Administration")


@blueprint.get("/session", responses={200: SessionAnswer})
def get_session() -> Response:
    """Who is calling, and with a session the token that its changes must bring as X-CSRF-Token."""
    principal: Principal = g.principal
    token = g.session.csrf_token if g.session is not None else None
    answer = {"key_id": principal.key_id, "is_admin": principal.key_id == MASTER, "csrf_token": token}
    return json_response(answer)
