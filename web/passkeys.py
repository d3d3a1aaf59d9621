"""Sign-in of browsers by a passkey, for the script of the sign-in page."""

from __future__ import annotations

from flask import Blueprint, Response, request
from pydantic import ValidationError

from api.authentication import SESSION_COOKIE
from api.marks import public
from api.origin import comes_from_own_page
from features.accounts.routes.common import accounts, origin
from features.accounts.schemas.passkey import PasskeyLoginRequest
from utils.api_utils import ApiError, validation_problem
from web.sign_in import LARGEST_FORM, person_seconds, set_session_cookie

blueprint = Blueprint("passkey_sign_in", __name__)


@blueprint.post("/login/passkey")
@public
def sign_in_with_passkey() -> Response:
    """Start a session for a passkey, in place of the browser's former one: 204, or problem+json."""
    if not comes_from_own_page():
        raise ApiError(403, "forbidden", "Sign in from the service's own page.")
    request.max_content_length = LARGEST_FORM
    try:
        body = PasskeyLoginRequest.model_validate(request.get_json())
    except ValidationError as error:
        raise validation_problem(error) from error
    parts = accounts()
    proof = parts.passkeys.prove(body.answered(), origin())
    token = parts.sign_in.browser(proof, origin(), request.cookies.get(SESSION_COOKIE))
    response = Response(status=204)
    set_session_cookie(response, token, person_seconds())
    return response
