"""Invitations to an organization, and joining by them."""

from __future__ import annotations

from flask import Response, request
from sqlalchemy import Connection

from api.authentication import CSRF_HEADER, PUBLIC, is_authenticated, org_id, principal
from api.blueprint import ORGANIZATIONS, api_blueprint
from api.idempotency import Answer
from api.marks import needs, public
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.repeatable import Secret, answer_once
from api.request_state import request_state
from api.schemas import LongPageQuery, SubmitHeaders
from api.services import services
from features.accounts.invitations import invite, join, list_invitations, look, revoke_invitation, take_try
from features.accounts.links import Invited
from features.accounts.routes.common import accounts
from features.accounts.routes.organization import CREATE_PROBLEMS
from features.accounts.schemas.organization import (
    InvitationPage,
    InvitationPath,
    InvitationRequest,
    JoinAnswer,
    JoinRequest,
    LookAnswer,
    LookRequest,
    NewInvitationAnswer,
    invitation_answer,
    join_answer,
    look_answer,
)
from models.access import Scope
from models.errors import Forbidden
from utils.api_utils import json_response
from utils.json_text import dump

blueprint = api_blueprint("invitation", ORGANIZATIONS)
INVITATIONS = ["invitations"]


@blueprint.get("/organization/invitations", responses={200: InvitationPage})
@needs(Scope.ADMIN)
def list_open_invitations(query: LongPageQuery) -> Response:
    """The invitations that were not used and have not expired, newest first, without their links."""
    scope = [*INVITATIONS, org_id()]
    before = read_cursor(query.cursor, scope)
    rows = list_invitations(services().database, org_id(), before[0] if before else None, query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.id])
    return json_response({"items": list(map(invitation_answer, items)), "next_cursor": next_cursor})


@blueprint.post(
    "/organization/invitations",
    responses={201: NewInvitationAnswer},
    problems=(*CREATE_PROBLEMS, "organization_limit"),
    sends=("Idempotent-Replayed",),
)
@needs(Scope.ADMIN)
def create_invitation(header: SubmitHeaders, body: InvitationRequest) -> Response:
    """Invite somebody. The link is in this answer alone, and is sent to the address where SMTP_HOST and PUBLIC_URL are set.

    It is good for seven days and for one person, whoever has it. An earlier invitation of the same address ends.
    """
    parts, by, limits = accounts(), principal(), services().foundation.limits
    take_try(parts, body.email)
    url = None

    def create(connection: Connection) -> Answer:
        nonlocal url
        made = invite(parts, connection, Invited(org_id(), body.role, body.email), by, limits)
        url = made.url or made.path
        return Answer(201, None, dump({**invitation_answer(made.link), "url": None, "is_sent": parts.mail.is_set_up}).decode())

    return answer_once(header.idempotency_key, create, Secret("url", lambda: url))


@blueprint.delete("/organization/invitations/<invitation_id>", responses={204: None}, problems=("not_found",))
@needs(Scope.ADMIN)
def revoke_open_invitation(path: InvitationPath) -> Response:
    """Revoke an invitation: its link is good for nothing."""
    revoke_invitation(services().database, org_id(), path.invitation_id)
    return Response(status=204)


@blueprint.post("/auth/join/look", responses={200: LookAnswer}, problems=(*BODY_PROBLEMS, "not_found"), openapi_extensions=PUBLIC)
@public
def look_at_invitation(body: LookRequest) -> Response:
    """What an invitation is to, for whoever has its link. It is a POST, so that the token is in no address and no log."""
    return json_response(look_answer(look(accounts(), body.token)))


@blueprint.post(
    "/auth/join",
    responses={200: JoinAnswer, 201: JoinAnswer},
    problems=(*BODY_PROBLEMS, "not_found", "conflict", "organization_limit"),
    openapi_extensions=PUBLIC,
)
@public
def join_organization(body: JoinRequest) -> Response:
    """Join an organization by an invitation, which is used up.

    Whoever is signed in joins with their account, whatever its address: they send the token alone. Others send a name and a password, and
    get an account with the address that was invited, also where nobody may register. No account that there is, is changed.
    """
    joined = join(accounts(), body.token, body.account(), _person(), services().foundation.limits)
    return json_response(join_answer(joined), 201 if joined.is_new else 200)


def _person() -> str | None:
    """The id of the person who is signed in; None also for a key, which joins nothing. Raises Forbidden for what no page of ours sent."""
    if not is_authenticated() or not principal().is_in_person:
        return None
    session = request_state().session
    if session is not None and not session.allows_change(request.headers.get(CSRF_HEADER)):
        raise Forbidden(f"A change made with a session needs its token as {CSRF_HEADER}. Load the page again.")
    return principal().user_id
