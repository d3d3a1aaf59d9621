"""Organizations and their members."""

from __future__ import annotations

from flask import Response
from sqlalchemy import Connection

from api.authentication import org_id, principal, user_id
from api.blueprint import ORGANIZATIONS, api_blueprint
from api.idempotency import Answer
from api.marks import in_person, needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.repeatable import answer_once
from api.schemas import LongPageQuery, SubmitHeaders
from api.services import services
from features.accounts.memberships import (
    add_organization,
    change_role,
    details_of,
    find_member,
    list_members,
    remove_member,
    rename,
)
from features.accounts.routes.common import accounts
from features.accounts.schemas.auth import OrganizationAnswer
from features.accounts.schemas.organization import (
    MemberAnswer,
    MemberChangeRequest,
    MemberPage,
    MemberPath,
    OrganizationChangeRequest,
    OrganizationDetailsAnswer,
    OrganizationRequest,
    OrganizationsAnswer,
    details_answer,
    member_answer,
)
from features.accounts.users import profile_of
from infrastructure.audit import note
from models.access import Role, Scope
from models.organization import Member
from utils.api_utils import json_response
from utils.json_text import dump

blueprint = api_blueprint("organization", ORGANIZATIONS)
MEMBERS = ["members"]
CREATE_PROBLEMS = (*BODY_PROBLEMS, "conflict", "idempotency_mismatch")


@blueprint.get("/organizations", responses={200: OrganizationsAnswer})
@in_person
def list_organizations() -> Response:
    """What the caller is a member of, the oldest organization first."""
    memberships = profile_of(services().database, user_id()).memberships
    return json_response({"items": [{"id": each.org_id, "name": each.name, "role": each.role} for each in memberships]})


@blueprint.post("/organizations", responses={201: OrganizationAnswer}, problems=CREATE_PROBLEMS, sends=("Idempotent-Replayed",))
@in_person
def create_organization(header: SubmitHeaders, body: OrganizationRequest) -> Response:
    """Make another organization; the caller is its administrator. PUT /auth/organization acts for it from then on."""
    creator = user_id()

    def create(connection: Connection) -> Answer:
        made = add_organization(connection, creator, body.name)
        note(connection, target=f"organizations/{made}")
        return Answer(201, None, dump({"id": made, "name": body.name, "role": Role.ADMIN}).decode())

    return answer_once(header.idempotency_key, create)


@blueprint.get("/organization", responses={200: OrganizationDetailsAnswer})
def get_organization() -> Response:
    """The organization that the caller acts for."""
    return json_response(details_answer(details_of(services().database, org_id())))


@blueprint.patch("/organization", responses={200: OrganizationDetailsAnswer}, problems=BODY_PROBLEMS)
@needs(Scope.ADMIN)
def change_organization(body: OrganizationChangeRequest) -> Response:
    """Rename the organization that the caller acts for."""
    if body.name is not None:
        rename(services().database, org_id(), body.name)
    return get_organization()


@blueprint.get("/organization/members", responses={200: MemberPage})
def list_organization_members(query: LongPageQuery) -> Response:
    """The members of the organization, the oldest account first."""
    scope = [*MEMBERS, org_id()]
    after = read_cursor(query.cursor, scope)
    rows = list_members(services().database, org_id(), after[0] if after else None, query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.user_id])
    return json_response({"items": list(map(_shown, items)), "next_cursor": next_cursor})


@blueprint.get("/organization/members/<user_id>", responses={200: MemberAnswer}, problems=("not_found",))
def get_member(path: MemberPath) -> Response:
    """A member of the organization."""
    return json_response(_shown(find_member(services().database, org_id(), path.user_id)))


@blueprint.patch("/organization/members/<user_id>", responses={200: MemberAnswer}, problems=(*BODY_PROBLEMS, "not_found", "conflict"))
@needs(Scope.ADMIN)
def change_member(path: MemberPath, body: MemberChangeRequest) -> Response:
    """Say what a member may do, within two seconds everywhere. The last administrator stays one."""
    return json_response(_shown(change_role(accounts(), org_id(), path.user_id, body.role)))


@blueprint.delete("/organization/members/<user_id>", responses={204: None}, problems=("not_found", "conflict"))
@needs(Scope.READ)
def remove_organization_member(path: MemberPath) -> Response:
    """Remove a member, which an administrator may, or leave: everybody may, signed in, by their own id. The last administrator stays.

    It ends what they could do here within two seconds: their keys for this organization and the invitations that they made are revoked.
    Somebody who is a member of nothing else gets an organization of their own.
    """
    remove_member(accounts(), org_id(), path.user_id, principal())
    return Response(status=204)


def _shown(member: Member) -> dict[str, object]:
    return member_answer(member, with_address=principal().is_in_person or Scope.ADMIN in principal().scopes)
