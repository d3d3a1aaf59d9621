"""Everything of an organization or of a person: exported as a file, and removed."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from api.attachment import ZIP
from api.authentication import org_id, principal, user_id
from api.blueprint import REPLACES_DATA, Tag, api_blueprint
from api.heavy import heavy_read
from api.marks import changes, in_person, needs
from api.origin import comes_from_own_page
from api.problem import BODY_PROBLEMS
from api.request_state import request_state
from api.services import services
from api.validation import BINARY
from features.accounts.service import Accounts
from features.belongings.archive import Archive
from features.belongings.schemas import (
    AccountRemovalAnswer,
    OrganizationRemovalAnswer,
    RemovalRequest,
    account_removal_answer,
    organization_removal_answer,
)
from features.belongings.service import (
    export_account,
    export_organization,
    plan_account,
    plan_organization,
    remove_account,
    remove_organization,
)
from infrastructure.audit import Trail, current_trail
from models.access import Scope
from utils.api_utils import json_response
from utils.clock import now

REMOVAL = Tag("Export and removal", "Everything of an organization or of an account: as a file, and gone.")
blueprint = api_blueprint("belongings", REMOVAL)
_FILE = {"schema": {"type": "string", "format": "binary"}}
ARCHIVE: dict[str | int, Any] = {
    200: {"description": f"A ZIP file, as `{BINARY}` for clients that accept only that.", "content": {ZIP: _FILE, BINARY: _FILE}}
}


@blueprint.get("/organization/export", responses=ARCHIVE, sends=("Content-Disposition",))
@needs(Scope.ADMIN)
@changes
@heavy_read()
def export_own_organization() -> Response:
    """Everything of the organization as a ZIP file: a member with lines of JSON for each kind of thing, and the stored files.

    It has no secrets: no keys, no digests, and of the addresses of channels only the host. It is sent while it is read, so it has no
    length; one that is not whole is no ZIP file. Once it was sent to its end, the organization can be removed for 24 hours.
    """
    return _archive(export_organization(services().foundation, org_id(), _trail()), f"bellwether-organization-{org_id()}")


@blueprint.post(
    "/organization/removal",
    responses={200: OrganizationRemovalAnswer, 202: OrganizationRemovalAnswer},
    problems=(*BODY_PROBLEMS, "conflict", "export_needed"),
    openapi_extensions=REPLACES_DATA,
)
@in_person
@needs(Scope.ADMIN)
def remove_own_organization(body: RemovalRequest) -> Response:
    """Remove the organization that the caller acts for, with everything in it; with `dry_run`, say what that would be.

    At once nobody is a member any more, whoever is a member of nothing else gets an organization of their own, and keys, invitations, jobs
    and all that runs by itself end. What is in it is removed within minutes. It needs an export of the last 24 hours. The first
    organization stays.
    """
    foundation = services().foundation
    if body.dry_run:
        return json_response(organization_removal_answer(plan_organization(foundation, org_id()), is_dry_run=True))
    done = remove_organization(foundation, _accounts(), principal(), body.order())
    return json_response(organization_removal_answer(done, is_dry_run=False), 202)


@blueprint.get("/auth/me/export", responses=ARCHIVE, sends=("Content-Disposition",))
@in_person
@changes
@heavy_read()
def export_me() -> Response:
    """Everything of the caller as a ZIP file, and of each organization that has no other member, under `organizations/ID/`.

    It has no secrets. Once it was sent to its end, the account can be removed for 24 hours.
    """
    return _archive(export_account(services().foundation, user_id(), _trail()), "bellwether-account")


@blueprint.post(
    "/auth/me/removal",
    responses={200: AccountRemovalAnswer, 202: AccountRemovalAnswer},
    problems=(*BODY_PROBLEMS, "conflict", "export_needed", "last_admin", "last_operator"),
    openapi_extensions=REPLACES_DATA,
)
@in_person
def remove_me(body: RemovalRequest) -> Response:
    """Remove the caller's account; with `dry_run`, say what goes, what stays, and what stands in the way.

    Sign-ins, keys, passkeys, connected accounts and memberships go at once, and so does every organization that has nobody else, as by
    POST /organization/removal. What was made in other organizations stays with those. It needs an export of the last 24 hours, and
    another administrator wherever there are other members.
    """
    foundation = services().foundation
    if body.dry_run:
        return json_response(account_removal_answer(plan_account(foundation, user_id()), is_dry_run=True))
    done = remove_account(foundation, _accounts(), principal(), body.order())
    return json_response(account_removal_answer(done, is_dry_run=False), 202)


def _archive(archive: Archive, name: str) -> Response:
    response = Response(archive.pieces(), content_type=ZIP)
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}-{now():%Y-%m-%d}.zip")
    return response


def _trail() -> Trail | None:
    """By which an export is noted; None where a link of another site may have made a browser ask: then reading changes nothing at all."""
    is_told = request_state().session is None or request.headers.get("Sec-Fetch-Site") or request.headers.get("Referer")
    return current_trail() if is_told and comes_from_own_page() else None


def _accounts() -> Accounts:
    found = services().authentication
    assert isinstance(found, Accounts)
    return found
