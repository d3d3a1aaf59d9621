"""The caller, for the scripts of our pages."""

from __future__ import annotations

from flask import Response

from api.authentication import principal
from api.blueprint import api_blueprint
from api.marks import for_whoever
from api.request_state import request_state
from features.accounts.routes.common import ACCOUNTS
from features.accounts.schemas.me import SessionAnswer, session_answer
from utils.api_utils import json_response

blueprint = api_blueprint("session", ACCOUNTS)


@blueprint.get("/session", responses={200: SessionAnswer})
@for_whoever
def get_session() -> Response:
    """The caller and what it may do, and with a session the token that its changes must send as X-CSRF-Token."""
    session = request_state().session
    return json_response(session_answer(principal(), session.csrf_token if session is not None else None))
