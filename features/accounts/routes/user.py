"""People, for the operators of the installation."""

from __future__ import annotations

from flask import Response

from api.authentication import actor_id, principal
from api.blueprint import ADMINISTRATION, api_blueprint
from api.marks import operators
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.schemas import LongPageQuery
from api.services import services
from features.accounts.routes.common import accounts
from features.accounts.schemas.user import LinkAnswer, UserAnswer, UserChangeRequest, UserPage, UserPath
from features.accounts.second_factor import take_away
from features.accounts.users import change_user, find_user, list_users, password_link
from utils.api_utils import json_response

blueprint = api_blueprint("user", ADMINISTRATION)
SCOPE = ["users"]


@blueprint.get("/admin/users", responses={200: UserPage})
@operators
def list_all_users(query: LongPageQuery) -> Response:
    """Everybody with an account, newest first."""
    before = read_cursor(query.cursor, SCOPE)
    rows = list_users(services().database, before[0] if before else None, query.limit + 1)
    items, next_cursor = page(rows, query.limit, SCOPE, lambda last: [last.id])
    return json_response({"items": items, "next_cursor": next_cursor})


@blueprint.get("/admin/users/<user_id>", responses={200: UserAnswer}, problems=("not_found",))
@operators
def get_user(path: UserPath) -> Response:
    """Somebody with an account."""
    return json_response(find_user(services().database, path.user_id))


@blueprint.patch("/admin/users/<user_id>", responses={200: UserAnswer}, problems=(*BODY_PROBLEMS, "not_found", "conflict"))
@operators
def change_one_user(path: UserPath, body: UserChangeRequest) -> Response:
    """Disable somebody's account or let them in again, and say who looks after the installation. Nobody does it to themselves."""
    changed = change_user(accounts(), path.user_id, body.change(), by=principal())
    return json_response(changed)


@blueprint.delete("/admin/users/<user_id>/second-factor", responses={204: None}, problems=("not_found", "conflict"))
@operators
def remove_second_factor(path: UserPath) -> Response:
    """Take the second factor of somebody away who has lost it, with the recovery codes. See first that it is they who ask.

    All their sign-ins end; from then on their password is enough, until they set up another. They are told by e-mail, where a mail server
    is set up. Passkeys stay.
    """
    take_away(accounts(), path.user_id, principal())
    return Response(status=204)


@blueprint.post("/admin/users/<user_id>/password-link", responses={201: LinkAnswer}, problems=("not_found",))
@operators
def make_password_link(path: UserPath) -> Response:
    """Make a link by which somebody sets a new password, within a day and once. Hand it to them by a way that you trust.

    The links before it end. Their second factor stays.
    """
    made = password_link(accounts(), path.user_id, actor_id())
    return json_response({"url": made.url or made.path, "expires_at": made.link.expires_at}, 201)
