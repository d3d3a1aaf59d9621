"""Signing in with an API key, and out again."""

from __future__ import annotations

from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, current_app, g, redirect, render_template, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as BaseResponse

import database
from services.api_key import KeyRing
from services.session import COOKIE, SECONDS, SessionSigner
from utils.api_utils import ApiError
from utils.marks import public, signs_in_at

log = structlog.get_logger(__name__)
blueprint = Blueprint("sign_in", __name__)

RING, SESSIONS = "key_ring", "session_signer"  # the application's extensions
LOGIN = "/login"
LONGEST_KEY = 500
LARGEST_FORM = 16_384  # bytes: a key and an address, sent by whom nobody knows yet


@blueprint.get(LOGIN)
@public
def show_form() -> str:
    """The form."""
    return render_template("login.html", next=_safe_next(request.args.get("next")), problem=None)


@blueprint.post(LOGIN)
@public
def sign_in() -> BaseResponse:
    """Begin a session for a valid key, and go where the caller wanted to."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise ApiError(403, "forbidden", "Sign in from the service's own page.")
    request.max_content_length = LARGEST_FORM
    key, wanted = request.form.get("key", "").strip()[:LONGEST_KEY], _safe_next(request.form.get("next"))
    ring: KeyRing = current_app.extensions[RING]
    sessions: SessionSigner = current_app.extensions[SESSIONS]
    try:
        principal = ring.principal(key) if key else None
    except SQLAlchemyError as error:
        if not database.is_unavailable(error):
            raise
        return _form(wanted, "The database does not answer right now. Try again in a few seconds.", 503)
    if principal is None:
        log.warning("sign-in refused", address=request.remote_addr)
        return _form(wanted, "This key is not valid." if key else "Paste your API key.", 401)
    log.info("signed in", key_id=principal.key_id)
    response = redirect(wanted, 303)
    response.set_cookie(COOKIE, sessions.begin(key), max_age=SECONDS, secure=request.is_secure, httponly=True, samesite="Lax")
    return response


@blueprint.post("/logout")
@signs_in_at(LOGIN)
def sign_out() -> BaseResponse:
    """End the session in this browser."""
    log.info("signed out", key_id=g.principal.key_id)
    response = Response(status=204)
    response.delete_cookie(COOKIE, secure=request.is_secure, httponly=True, samesite="Lax")
    return response


def _form(wanted: str, problem: str, status: int) -> Response:
    return Response(render_template("login.html", next=wanted, problem=problem), status, mimetype="text/html")


def _safe_next(given: str | None) -> str:
    """A path of this service; the overview for anything that would lead elsewhere."""
    if not given or not given.startswith("/") or given.startswith(("//", "/\\")) or any(ord(letter) < 32 for letter in given):
        return "/"
    parts = urlsplit(given)
    return "/" if parts.scheme or parts.netloc else given
