"""Sign-in with an API key, and sign-out."""

from __future__ import annotations

from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, redirect, render_template, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as BaseResponse

from api.authentication import SESSION_COOKIE, key_id
from api.marks import public, signs_in_at
from api.origin import comes_from_own_page
from api.request_state import request_state
from api.services import services
from features.accounts.sessions import LIFETIME
from utils.api_utils import ApiError
from utils.database_errors import is_unavailable

log = structlog.get_logger(__name__)
blueprint = Blueprint("sign_in", __name__)

LOGIN = "/login"
REASONS = {"ended": "Your session has ended. Sign in again to go on.", "signed-out": "You have signed out."}
ASKED_FOR = "Sign in to see the page that you asked for."
LONGEST_KEY = 500  # characters
LARGEST_FORM = 16_384  # bytes of an unauthenticated request: a key and a path


@blueprint.get(LOGIN)
@public
def show_form() -> str:
    """The sign-in form, with the reason why somebody is there."""
    next_path = safe_next(request.args.get("next"))
    reason = REASONS.get(request.args.get("reason", ""), "" if next_path == "/" else ASKED_FOR)
    return render_template("login.html", next=next_path, reason=reason, problem=None)


@blueprint.post(LOGIN)
@public
def sign_in() -> BaseResponse:
    """Start a session for a valid key, in place of the browser's former one, and redirect to the requested page.

    A page whose session has ended asks in place, by a script that accepts JSON: it gets 204, or problem+json.
    """
    if not comes_from_own_page():
        raise ApiError(403, "forbidden", "Sign in from the service's own page.")
    request.max_content_length = LARGEST_FORM
    key, next_path = request.form.get("key", "").strip()[:LONGEST_KEY], safe_next(request.form.get("next"))
    authentication = services().authentication
    try:
        principal = authentication.keys.principal(key) if key else None
        token = authentication.sessions.begin(key, principal, request.cookies.get(SESSION_COOKIE)) if principal else None
    except SQLAlchemyError as error:
        if not is_unavailable(error):
            raise
        return _refuse(next_path, "The database does not answer right now. Try again in a few seconds.", 503)
    if principal is None or token is None:
        log.warning("sign-in refused", address=request.remote_addr)
        return _refuse(next_path, "This key is not valid." if key else "Paste your API key.", 401)
    log.info("signed in", key_id=principal.key_id)
    response = Response(status=204) if _is_script() else redirect(next_path, 303)
    seconds = int(LIFETIME.total_seconds())
    response.set_cookie(SESSION_COOKIE, token, max_age=seconds, secure=request.is_secure, httponly=True, samesite="Lax")
    return response


@blueprint.post("/logout")
@signs_in_at(LOGIN)
def sign_out() -> BaseResponse:
    """End the session in the database, so that copies of its cookie are invalid, too."""
    session = request_state().session
    if session is not None:
        services().authentication.sessions.end(session)
    log.info("signed out", key_id=key_id())
    response = Response(status=204)
    response.delete_cookie(SESSION_COOKIE, secure=request.is_secure, httponly=True, samesite="Lax")
    return response


def _is_script() -> bool:
    """Whether the request comes from a script of a page, which does not take the form as an answer."""
    return request.accept_mimetypes.best_match(("text/html", "application/json")) == "application/json"


def _refuse(next_path: str, problem: str, status: int) -> Response:
    if _is_script():
        raise ApiError(status, "unavailable" if status == 503 else "unauthorized", problem)
    return Response(render_template("login.html", next=next_path, reason="", problem=problem), status, mimetype="text/html")


def safe_next(path: str | None) -> str:
    """The path, or the overview when it would lead to another site."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or any(ord(letter) < 32 for letter in path):
        return "/"
    parts = urlsplit(path)
    return "/" if parts.scheme or parts.netloc else path
