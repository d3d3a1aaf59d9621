"""Feature flags of organizations: of the caller's own, and of any for operators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from flask import Response

from api.authentication import actor_id, org_id
from api.blueprint import ADMINISTRATION, ORGANIZATIONS, api_blueprint
from api.marks import needs, operators
from api.problem import BODY_PROBLEMS
from api.schemas import OrganizationPath
from api.services import services
from features.operations.actors import spoken_names
from features.operations.schemas.flags import (
    FlagChangeRequest,
    FlagPath,
    OrganizationFlagAnswer,
    OrganizationFlagList,
    OrganizationFlagPath,
)
from infrastructure.organization_flags import OrganizationFlags, Switch
from models.access import Scope
from models.feature_flag import OrganizationFlag, OrganizationFlagChange
from utils.api_utils import json_response

own_blueprint = api_blueprint("organization_flag", ORGANIZATIONS)
blueprint = api_blueprint("any_organization_flag", ADMINISTRATION)

CHANGES_SHOWN = 20


@own_blueprint.get("/organization/flags", responses={200: OrganizationFlagList})
def list_organization_flags() -> Response:
    """Every feature that can be switched for an organization, and whether it is on for the caller's."""
    return json_response({"items": _listed(_own())})


@own_blueprint.get("/organization/flags/<name>", responses={200: OrganizationFlagAnswer}, problems=("not_found", "conflict"))
def get_organization_flag(path: FlagPath) -> Response:
    """One feature as it is for the caller's organization, with its newest changes."""
    return json_response(_answer(_own(), path.name, shows_operators=False))


@own_blueprint.put(
    "/organization/flags/<name>", responses={200: OrganizationFlagAnswer}, problems=(*BODY_PROBLEMS, "not_found", "conflict")
)
@needs(Scope.ADMIN)
def set_organization_flag(path: FlagPath, body: FlagChangeRequest) -> Response:
    """Switch a feature off or on for the caller's organization. Every process follows within two seconds.

    403 for what an operator has switched off for it. What is off in the whole installation stays off.
    """
    own = _own()
    own.change(own.find(path.name), Switch(body.enabled, body.reason, actor_id(), by_operator=False))
    return json_response(_answer(own, path.name, shows_operators=False))


@blueprint.get("/admin/organizations/<organization_id>/flags", responses={200: OrganizationFlagList}, problems=("not_found",))
@operators
def list_flags_of_organization(path: OrganizationPath) -> Response:
    """Every feature that can be switched for an organization, and whether it is on for this one."""
    return json_response({"items": _listed(_of(path))})


@blueprint.get(
    "/admin/organizations/<organization_id>/flags/<name>", responses={200: OrganizationFlagAnswer}, problems=("not_found", "conflict")
)
@operators
def get_flag_of_organization(path: OrganizationFlagPath) -> Response:
    """One feature as it is for an organization, with its newest changes."""
    return json_response(_answer(_of(path), path.name, shows_operators=True))


@blueprint.put(
    "/admin/organizations/<organization_id>/flags/<name>",
    responses={200: OrganizationFlagAnswer},
    problems=(*BODY_PROBLEMS, "not_found", "conflict"),
)
@operators
def set_flag_of_organization(path: OrganizationFlagPath, body: FlagChangeRequest) -> Response:
    """Switch a feature off or on for one organization. Every process follows within two seconds.

    Its administrators cannot switch on what is switched off here.
    """
    of = _of(path)
    of.change(of.find(path.name), Switch(body.enabled, body.reason, actor_id(), by_operator=True))
    return json_response(_answer(of, path.name, shows_operators=True))


def _own() -> OrganizationFlags:
    return OrganizationFlags(services().database, services().flags, org_id())


def _of(path: OrganizationPath) -> OrganizationFlags:
    return OrganizationFlags.of(services().database, services().flags, path.org_id)


def _listed(of: OrganizationFlags) -> list[OrganizationFlag]:
    flags = of.list_flags()
    names = _names(flags)
    return [replace(flag, changed_by_name=names.get(flag.changed_by or "")) for flag in flags]


def _answer(of: OrganizationFlags, name: str, *, shows_operators: bool) -> dict[str, Any]:
    flag = of.find(name)
    stored = next(entry for entry in _listed(of) if entry.name == name)
    changes = of.list_changes(flag, CHANGES_SHOWN)
    names = _names(changes)
    return {"flag": stored, "changes": [_shown(change, names, shows_operators) for change in changes]}


def _names(changed: Iterable[OrganizationFlag | OrganizationFlagChange]) -> dict[str, str]:
    ids = {each.changed_by for each in changed if each.changed_by is not None}
    if not ids:
        return {}
    with services().database.read() as connection:
        return spoken_names(connection, ids)


def _shown(change: OrganizationFlagChange, names: Mapping[str, str], shows_operators: bool) -> dict[str, Any]:
    by = change.changed_by if shows_operators or not change.by_operator else None
    own = {name: value for name, value in vars(change).items() if name not in ("org_id", "name")}
    return {**own, "changed_by": by, "changed_by_name": names.get(by or "")}
