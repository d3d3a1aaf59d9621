"""Sign-in with an address and a password, or with an API key, and sign-out."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, redirect, render_template, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as BaseResponse

from api.audit import actor_of
from api.authentication import SESSION_COOKIE, actor_id, principal
from api.errors import translate
from api.marks import for_whoever, public, signs_in_at
from api.origin import comes_from_own_page
from api.services import services
from features.accounts.routes.common import accounts, origin
from features.accounts.service import LIFETIME, NewSession, Proof, digest_of, record_refusal
from features.accounts.users import has_operator
from infrastructure.audit import note
from models.account_errors import SecondFactorNeeded, TooManyTries
from models.errors import BellwetherError
from utils.api_utils import ApiError
from utils.database_errors import is_unavailable

log = structlog.get_logger(__name__)
blueprint = Blueprint("sign_in", __name__)

LOGIN = "/login"
REASONS = {
    "ended": "Your session has ended. Sign in again to go on.",
    "signed-out": "You have signed out.",
    "renewed": "Your new password is set. Sign in with it.",
    "registered": "Your account is made. Sign in with it.",
    "removed": "Your account is removed, with everything that was yours alone.",
    "has-administrator": "There is an administrator already, who can sign in and invite others.",
}
ASKED_FOR = "Sign in to see the page that you asked for."
NO_KEY = "Paste your API key."
WRONG_KEY = "This key is not valid."
AWAY = "The database does not answer right now. Try again in a few seconds."
LONGEST_KEY = 500  # characters
LARGEST_FORM = 16_384  # bytes of an unauthenticated request: a key and a path


@dataclass(frozen=True)
class Refused(Exception):
    """A sign-in that is refused, and what to say."""

    status: int
    code: str
    problem: str


@blueprint.get(LOGIN)
@public
def show_form() -> str:
    """The sign-in form, with the reason why somebody is there."""
    next_path = safe_next(request.args.get("next"))
    reason = REASONS.get(request.args.get("reason", ""), "" if next_path == "/" else ASKED_FOR)
    return _form(next_path, reason=reason)


@blueprint.post(LOGIN)
@public
def sign_in() -> BaseResponse:
    """Start a session for a password or a valid key, in place of the browser's former one, and redirect to the requested page.

    Somebody with a second factor is asked for a code next. A page whose session has ended asks in place, by a script that accepts JSON: it
    gets 204, or problem+json.
    """
    if not comes_from_own_page():
        raise ApiError(403, "forbidden", "Sign in from the service's own page.")
    request.max_content_length = LARGEST_FORM
    next_path = safe_next(request.form.get("next"))
    try:
        token, seconds = _begin()
    except SecondFactorNeeded as error:
        if _is_script():
            raise
        return second_step(next_path, error)
    except BellwetherError as error:
        return refuse(next_path, error)
    except SQLAlchemyError as error:
        if not is_unavailable(error):
            raise
        return refuse(next_path, Refused(503, "unavailable", AWAY))
    except Refused as refused:
        return refuse(next_path, refused)
    response = Response(status=204) if _is_script() else redirect(next_path, 303)
    set_session_cookie(response, token, seconds)
    return response


@blueprint.post("/logout")
@signs_in_at(LOGIN)
@for_whoever
def sign_out() -> BaseResponse:
    """End the session in the database, so that copies of its cookie are invalid, too."""
    if principal().session_id is not None:
        accounts().all_sessions.end(principal())
    log.info("signed out", actor=actor_id())
    response = Response(status=204)
    response.delete_cookie(SESSION_COOKIE, secure=request.is_secure, httponly=True, samesite="Lax")
    return response


def set_session_cookie(response: BaseResponse, token: str, seconds: int) -> None:
    """Give the browser a session, out of reach of scripts."""
    response.set_cookie(SESSION_COOKIE, token, max_age=seconds, secure=request.is_secure, httponly=True, samesite="Lax")


def person_seconds() -> int:
    """How long the cookie of a person's session stays."""
    return int(accounts().all_sessions.lifetimes.most.total_seconds())


def _begin() -> tuple[str, int]:
    """Begin a session by what the form has: its token, and its seconds. Raises Refused, and what a proof raises."""
    parts, form, replaced = accounts(), request.form, request.cookies.get(SESSION_COOKIE)
    if "email" in form or "challenge" in form:
        proof: Proof
        if "challenge" in form:
            proof = parts.proving.by_code(form["challenge"], form.get("code", "").strip())
        else:
            proof = parts.proving.by_password(form["email"].strip(), form.get("password", ""), origin())
        return parts.sign_in.browser(proof, origin(), replaced), person_seconds()
    key = form.get("key", "").strip()[:LONGEST_KEY]
    found = parts.ring.principal(key) if key else None
    if found is None:
        log.warning("sign-in refused", address=request.remote_addr)
        if key:
            record_wrong("key")
        raise Refused(401, "unauthorized", WRONG_KEY if key else NO_KEY)
    log.info("signed in", key_id=found.key_id)
    new = NewSession(found.org_id, origin(), key_sha256=digest_of(key))
    with parts.database.transaction() as connection:
        token = parts.all_sessions.begin_in(connection, new, replaced)
        note(connection, action="sign_in", target=f"keys/{found.key_id}", actor=actor_of(found), after={"by": "key"})
    return token, int(LIFETIME.total_seconds())


def record_wrong(way: str, user_id: str | None = None) -> None:
    """Write down that something wrong was tried, so often as the tries of an address are written down that wait for nothing."""
    parts = accounts()
    try:
        parts.tries.take(f"wrong {way} from {request.remote_addr}", None)
    except TooManyTries:
        return
    record_refusal(parts.database, way, user_id)


def _is_script() -> bool:
    """Whether the request comes from a script of a page, which does not take the form as an answer."""
    return request.accept_mimetypes.best_match(("text/html", "application/json")) == "application/json"


def begin_browser(proof: Proof, next_path: str) -> Response:
    """Begin a session of a browser for somebody who has proved who they are, and lead them on."""
    token = accounts().sign_in.browser(proof, origin(), request.cookies.get(SESSION_COOKIE))
    response = redirect(next_path, 303)
    assert isinstance(response, Response)
    set_session_cookie(response, token, person_seconds())
    return response


def second_step(next_path: str, asked: SecondFactorNeeded) -> Response:
    """The form that asks for the code of an authenticator app."""
    return Response(_form(next_path, challenge=asked.challenge), 401, mimetype="text/html")


def refuse(next_path: str, why: Refused | BellwetherError) -> Response:
    """The form again with what is wrong, or problem+json for a script."""
    if _is_script():
        if isinstance(why, Refused):
            raise ApiError(why.status, why.code, why.problem)
        raise why
    status, problem = (why.status, why.problem) if isinstance(why, Refused) else told(why)
    shown = {"challenge": request.form.get("challenge"), "email": request.form.get("email", ""), "by_key": "key" in request.form}
    return Response(_form(next_path, problem=problem, **shown), status, mimetype="text/html")


def told(error: BellwetherError) -> tuple[int, str]:
    """The status of an error, and what to say."""
    answer = translate(error)
    assert answer is not None, "every error of accounts has an answer"
    return answer.status, answer.detail


def _form(next_path: str, **shown: object) -> str:
    known = {"reason": "", "problem": None, "challenge": None, "email": "", "by_key": False, **shown}
    ways = {
        "registers": services().settings.registration_enabled,
        "has_operator": is_looked_after(),
        "providers": _providers(),
    }
    return render_template("login.html", next=next_path, **ways, **known)


def is_looked_after() -> bool | None:
    """Whether somebody with an account looks after the installation; None while the database does not answer."""
    try:
        return has_operator(services().database)
    except SQLAlchemyError as error:
        if not is_unavailable(error):
            raise
        return None


def _providers() -> list[tuple[str, str]]:
    """The key and the name of each provider to sign in through."""
    return [(key, provider.client.name) for key, provider in accounts().providers.items()]


def safe_next(path: str | None) -> str:
    """The path, or the overview when it would lead to another site."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or any(ord(letter) < 32 for letter in path):
        return "/"
    parts = urlsplit(path)
    return "/" if parts.scheme or parts.netloc else path
