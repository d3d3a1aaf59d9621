"""What people do with their own account and sign-ins."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id, principal, user_id
from api.blueprint import api_blueprint
from api.marks import in_person
from api.problem import BODY_PROBLEMS
from api.request_state import request_state
from api.services import services
from features.accounts.own_account import change_password, change_profile, end_others, switch_organization
from features.accounts.routes.common import ACCOUNTS, accounts, me_answer, tokens_answer
from features.accounts.schemas.auth import MeAnswer, TokensAnswer
from features.accounts.schemas.me import (
    EndedAnswer,
    PasswordChangeRequest,
    ProfileChangeRequest,
    SessionPath,
    SessionsAnswer,
    SwitchRequest,
)
from features.accounts.users import profile_of
from utils.api_utils import json_response

blueprint = api_blueprint("me", ACCOUNTS)


@blueprint.get("/auth/me", responses={200: MeAnswer})
@in_person
def get_me() -> Response:
    """Who is signed in, and what they are a member of."""
    return json_response(me_answer(profile_of(services().database, user_id()), org_id()))


@blueprint.patch("/auth/me", responses={200: MeAnswer}, problems=(*BODY_PROBLEMS, "conflict"))
@in_person
def change_me(body: ProfileChangeRequest) -> Response:
    """Change one's name or address. Another address needs the present password."""
    change_profile(services().database, accounts(), principal(), body.change())
    return get_me()


@blueprint.post("/auth/logout", responses={204: None})
@in_person
def log_out() -> Response:
    """End the session of this request: its tokens are refused everywhere within two seconds."""
    accounts().all_sessions.end(principal())
    return Response(status=204)


@blueprint.get("/auth/sessions", responses={200: SessionsAnswer})
@in_person
def list_sessions() -> Response:
    """The caller's sign-ins that are good now, newest first, at most 200."""
    own = principal().session_id
    items = [{**vars(each), "is_current": each.id == own} for each in accounts().all_sessions.list_of(user_id())]
    for item in items:
        del item["org_id"]
    return json_response({"items": items})


@blueprint.delete("/auth/sessions", responses={200: EndedAnswer})
@in_person
def end_other_sessions() -> Response:
    """End all sign-ins of the caller but this one."""
    return json_response({"ended": end_others(services().database, accounts(), principal())})


@blueprint.delete("/auth/sessions/<session_id>", responses={204: None}, problems=("not_found",))
@in_person
def end_session(path: SessionPath) -> Response:
    """End one sign-in of the caller; it is refused everywhere within two seconds."""
    accounts().all_sessions.end_one(user_id(), path.session_id)
    return Response(status=204)


@blueprint.put("/auth/password", responses={204: None}, problems=BODY_PROBLEMS)
@in_person
def set_password(body: PasswordChangeRequest) -> Response:
    """Replace one's password. Other sign-ins end, unless `end_others` is false."""
    change_password(services().database, accounts(), principal(), body.change())
    return Response(status=204)


@blueprint.put("/auth/organization", responses={200: TokensAnswer, 204: None}, problems=BODY_PROBLEMS)
@in_person
def choose_organization(body: SwitchRequest) -> Response:
    """Act for another organization from now on. A program gets new tokens, a browser 204: its session goes on."""
    switch_organization(services().database, accounts(), principal(), body.organization_id)
    if request_state().session is not None:
        return Response(status=204)
    return json_response(tokens_answer(accounts().sign_in.tokens_of(principal(), body.organization_id)))
