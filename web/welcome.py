"""The first run: whoever holds the master key makes the first administrator, once."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from api.authentication import SESSION_COOKIE
from api.marks import public
from api.origin import comes_from_own_page
from features.accounts.routes.common import accounts, origin
from features.accounts.service import Accounts, Proof
from features.accounts.users import NewUser, create_admin
from infrastructure.audit import act_as
from models.account_errors import AdminExists
from models.api_key import FIRST_ORG, MASTER
from models.audit import Actor, ActorKind
from models.errors import BellwetherError
from models.user import normalize_email, normalize_user_name
from utils.api_utils import ApiError
from web.sign_in import LARGEST_FORM, LOGIN, LONGEST_KEY, is_looked_after, person_seconds, set_session_cookie, told

blueprint = Blueprint("welcome", __name__)
WELCOME = "/welcome"
WRONG_KEY = "This is not the master key."
HAS_ADMINISTRATOR = f"{LOGIN}?reason=has-administrator"


@blueprint.get(WELCOME)
@public
def show_welcome() -> BaseResponse | str:
    """The form for the first administrator, as long as there is none."""
    return redirect(HAS_ADMINISTRATOR, 303) if is_looked_after() else _form()


@blueprint.post(WELCOME)
@public
def make_first_administrator() -> BaseResponse:
    """Make the first administrator by the master key, and sign them in."""
    if not comes_from_own_page():
        raise ApiError(403, "forbidden", "Make the first administrator on the service's own page.")
    request.max_content_length = LARGEST_FORM
    parts, form = accounts(), request.form
    try:
        new = NewUser(normalize_email(form.get("email", "")), normalize_user_name(form.get("name", "")), form.get("password", ""))
    except ValueError as error:
        return _refuse(422, f"{str(error).capitalize()}.")
    try:
        if not _holds_master_key(parts, form.get("key", "").strip()[:LONGEST_KEY]):
            return _refuse(401, WRONG_KEY)
        user = create_admin(parts, new, only_first=True)
    except AdminExists:
        return redirect(HAS_ADMINISTRATOR, 303)
    except BellwetherError as error:
        return _refuse(*told(error))
    token = parts.sign_in.browser(Proof(user.id, two_factor=False), origin(), request.cookies.get(SESSION_COOKIE))
    response = redirect("/", 303)
    set_session_cookie(response, token, person_seconds())
    return response


def _holds_master_key(parts: Accounts, key: str) -> bool:
    """Whether a key is the master key. Wrong ones count as tries to sign in. Raises TooManyTries."""
    parts.tries.take("first administrator", origin().address)
    if not key or not parts.ring.is_master(key):
        return False
    parts.tries.succeeded("first administrator", origin().address)
    act_as(Actor(ActorKind.OPERATOR_KEY, MASTER, FIRST_ORG))
    return True


def _refuse(status: int, problem: str) -> Response:
    return Response(_form(problem), status, mimetype="text/html")


def _form(problem: str = "") -> str:
    typed = {name: request.form.get(name, "") for name in ("email", "name")}
    return render_template("welcome.html", problem=problem, **typed)
