"""Organizations, for the operators of the installation."""

from __future__ import annotations

from flask import Response

from api.blueprint import ADMINISTRATION, api_blueprint
from api.marks import operators
from api.paging import page, read_cursor
from api.schemas import LongPageQuery, OrganizationPath
from api.services import services
from features.accounts.memberships import details_of, list_all_organizations
from features.accounts.schemas.organization import OrganizationDetailsAnswer, OrganizationPage, details_answer
from utils.api_utils import json_response

blueprint = api_blueprint("any_organization", ADMINISTRATION)
SCOPE = ["organizations"]


@blueprint.get("/admin/organizations", responses={200: OrganizationPage})
@operators
def list_every_organization(query: LongPageQuery) -> Response:
    """Every organization of the installation with the number of its members, the oldest first."""
    after = read_cursor(query.cursor, SCOPE)
    rows = list_all_organizations(services().database, after[0] if after else None, query.limit + 1)
    items, next_cursor = page(rows, query.limit, SCOPE, lambda last: [last.organization.id])
    return json_response({"items": list(map(details_answer, items)), "next_cursor": next_cursor})


@blueprint.get("/admin/organizations/<organization_id>", responses={200: OrganizationDetailsAnswer}, problems=("not_found",))
@operators
def get_any_organization(path: OrganizationPath) -> Response:
    """One organization of the installation."""
    return json_response(details_answer(details_of(services().database, path.org_id)))
