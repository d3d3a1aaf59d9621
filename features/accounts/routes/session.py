"""The browser session, for the scripts of our pages."""

from __future__ import annotations

from flask import Response

from api.authentication import key_id, org_id
from api.blueprint import ADMINISTRATION, api_blueprint
from api.request_state import request_state
from features.accounts.schemas import SessionAnswer
from models.api_key import MASTER
from utils.api_utils import json_response

blueprint = api_blueprint("session", ADMINISTRATION)


@blueprint.get("/session", responses={200: SessionAnswer})
def get_session() -> Response:
    """The caller's key, and with a session the token that its changes must send as X-CSRF-Token."""
    session = request_state().session
    token = session.csrf_token if session is not None else None
    answer = {"key_id": key_id(), "org_id": org_id(), "is_admin": key_id() == MASTER, "csrf_token": token}
    return json_response(answer)
