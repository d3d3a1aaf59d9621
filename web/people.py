"""The pages of people: one's own account, making one, and a new password."""

from __future__ import annotations

from flask import Blueprint, render_template
from sqlalchemy.exc import SQLAlchemyError

from api.authentication import is_authenticated
from api.marks import for_whoever, public, signs_in_at
from api.request_state import request_state
from api.services import services
from features.accounts.routes.common import accounts
from features.accounts.users import find_user
from models.account_errors import UserNotFound
from models.user import User
from utils.database_errors import is_unavailable
from web.sign_in import LOGIN

blueprint = Blueprint("people", __name__)
ACCOUNT = "/account"


@blueprint.get(ACCOUNT)
@signs_in_at(LOGIN)
@for_whoever
def show_account() -> str:
    """Whoever is signed in: name, password, second factor, sign-ins and keys; for a key, what it may do."""
    caller = request_state().principal
    return render_template("account.html", is_in_person=caller is not None and caller.is_in_person)


@blueprint.get("/organization")
@signs_in_at(LOGIN)
def show_organization() -> str:
    """The organization that the caller acts for: its members, and for administrators its invitations."""
    return render_template("organization.html")


@blueprint.get("/integrations")
@signs_in_at(LOGIN)
def show_integrations() -> str:
    """What the organization and the installation are connected to, for administrators and operators."""
    return render_template("integrations.html")


@blueprint.get("/join")
@public
def show_invitation() -> str:
    """What an invitation is to, for whoever has its link, whose token the page's script reads. Who is signed in joins as they are."""
    is_authenticated()
    return render_template("join.html")


@blueprint.get("/set-password")
@public
def show_new_password() -> str:
    """The form for a new password by a link, whose token the page's script reads."""
    return render_template("set_password.html")


@blueprint.get("/forgot-password")
@public
def show_forgotten_password() -> str:
    """The form for a link by e-mail; without a mail server, who can help."""
    return render_template("forgot_password.html", sends_mail=accounts().mail.is_set_up)


@blueprint.get("/register")
@public
def show_registration() -> str:
    """The form for an account, where people may make one."""
    return render_template("register.html", registers=services().settings.registration_enabled)


def signed_in() -> User | None:
    """The person of the request's sign-in, for the header of a page; None for a key, and while the database does not answer."""
    caller = request_state().principal
    if caller is None or caller.user_id is None or not caller.is_in_person:
        return None
    try:
        return find_user(services().database, caller.user_id)
    except UserNotFound:
        return None
    except SQLAlchemyError as error:
        if not is_unavailable(error):
            raise
        return None
