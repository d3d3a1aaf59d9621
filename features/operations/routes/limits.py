"""The limits of organizations and the budgets of their members, with what is used of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.authentication import actor_id, org_id
from api.blueprint import ADMINISTRATION, ORGANIZATIONS, api_blueprint
from api.marks import needs, operators
from api.problem import BODY_PROBLEMS
from api.rate_limit import caller_share, member_share, organization_share
from api.schemas import OrganizationPath
from api.services import services
from features.accounts import service as accounts
from features.files import service as files
from features.operations.schemas.limits import (
    BudgetsAnswer,
    BudgetsRequest,
    LimitsRequest,
    MemberLimitsPath,
    OrganizationLimitsAnswer,
)
from infrastructure.limits import BUDGET_FIELDS, filled
from infrastructure.rate_limiter import Share
from jobs import service as jobs
from models.access import Scope
from models.limits import Budgets
from utils.api_utils import json_response

own_blueprint = api_blueprint("organization_limit", ORGANIZATIONS)
blueprint = api_blueprint("any_organization_limit", ADMINISTRATION)


@own_blueprint.get("/organization/limits", responses={200: OrganizationLimitsAnswer})
def get_organization_limits() -> Response:
    """How much the caller's organization may use, what it uses now, and the caller's own budgets within that."""
    share, own = caller_share()
    default = services().foundation.limits.defaults.caller
    return json_response({"items": _limits_of(org_id()), "own": _budgets(own, filled(own, default), share)})


@blueprint.get("/admin/organizations/<organization_id>/limits", responses={200: OrganizationLimitsAnswer}, problems=("not_found",))
@operators
def get_limits_of_organization(path: OrganizationPath) -> Response:
    """How much an organization may use, and what it uses now."""
    return json_response({"items": _limits_of(path.org_id), "own": []})


@blueprint.put(
    "/admin/organizations/<organization_id>/limits", responses={200: OrganizationLimitsAnswer}, problems=(*BODY_PROBLEMS, "not_found")
)
@operators
def set_limits_of_organization(path: OrganizationPath, body: LimitsRequest) -> Response:
    """Say how much an organization may use. Every process follows within two seconds.

    What it has beyond a limit stays; nothing is added until it is below.
    """
    services().foundation.limits.change(path.org_id, body.limits(), actor_id())
    return json_response({"items": _limits_of(path.org_id), "own": []})


@own_blueprint.get("/organization/members/<user_id>/limits", responses={200: BudgetsAnswer}, problems=("not_found",))
@needs(Scope.ADMIN)
def get_member_limits(path: MemberLimitsPath) -> Response:
    """The budgets of a member within those of the organization, and what is used of them."""
    own, decided = services().foundation.limits.find_of_member(org_id(), path.user_id)
    return json_response({"items": _budgets(own, decided, member_share(org_id(), path.user_id))})


@own_blueprint.put("/organization/members/<user_id>/limits", responses={200: BudgetsAnswer}, problems=(*BODY_PROBLEMS, "not_found"))
@needs(Scope.ADMIN)
def set_member_limits(path: MemberLimitsPath, body: BudgetsRequest) -> Response:
    """Give a member budgets of their own, lower or higher than those of everybody, and not beyond those of the organization.

    The keys of a person count in the person's budgets. Every process follows within two seconds.
    """
    services().foundation.limits.change_of_member(org_id(), path.user_id, body.budgets(), actor_id())
    return get_member_limits(path)


def _limits_of(organization: int) -> list[dict[str, Any]]:
    foundation = services().foundation
    own, decided = foundation.limits.find(organization)
    with services().database.read() as connection:
        used = {
            "members": accounts.count_members(connection, organization),
            "stored_bytes": files.total_bytes(connection, organization),
            "open_jobs": jobs.count_open(connection, organization, foundation.background_kinds),
        }
    budgets = _budgets(own.budgets, decided.budgets, organization_share(organization))
    return budgets + _told(vars(own.quantities), vars(decided.quantities), used)


def _budgets(own: Budgets, decided: Budgets, share: Share) -> list[dict[str, Any]]:
    limiter = services().rate_limiter
    used = {} if limiter is None else limiter.used(share)
    names = {**BUDGET_FIELDS, "hour": "requests_per_hour"}
    return _told(vars(own), vars(decided), {name: used.get(budget, 0) for budget, name in names.items()})


def _told(own: Mapping[str, int | None], decided: Mapping[str, int | None], used: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"name": name, "limit": decided[name], "is_set": own[name] is not None, "used": used[name]} for name in own]
