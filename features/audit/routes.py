"""The audit log over HTTP."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id, principal
from api.blueprint import ADMINISTRATION, api_blueprint
from api.csv_file import csv_response, wants_csv
from api.heavy import heavy_read
from api.marks import needs, operators_too
from api.paging import page, read_cursor
from api.services import services
from features.audit.schemas import AuditPage, AuditQuery
from features.audit.service import audit_csv, list_items
from models.access import Scope
from models.errors import Forbidden
from utils.api_utils import json_response
from utils.clock import iso

blueprint = api_blueprint("audit", ADMINISTRATION)


@blueprint.get("/audit", responses={200: AuditPage}, sends=("Content-Disposition",))
@needs(Scope.ADMIN)
@operators_too
@heavy_read(when=wants_csv)
def list_audit(query: AuditQuery) -> Response:
    """Who changed what and who signed in, newest first: of the organization, or with `all` of the whole installation.

    `action` is the id of the operation, the words of a terminal command, or one of `sign_in`, `sign_in_refused`, `sign_in_delayed`,
    `sign_out`, `password_refused` and `refresh_token_reused`. With `Accept: text/csv` the whole list is sent as a file.
    """
    if query.all and not principal().is_operator:
        raise Forbidden("The log of the whole installation is for its operators. Leave `all` out for that of the organization.")
    wanted = query.filter(org_id())
    if wants_csv():
        response = csv_response(audit_csv(services().database, wanted), "bellwether-audit.csv")
        response.vary.add("Accept")
        return response
    times = [None if moment is None else iso(moment) for moment in (wanted.since, wanted.until)]
    scope = ["audit", wanted.org_id, wanted.actor, wanted.action, wanted.target, *times]
    before = read_cursor(query.cursor, scope)
    with services().database.read() as connection:
        rows = list_items(connection, wanted, before[0] if before else None, query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.id])
    response = json_response({"items": items, "next_cursor": next_cursor})
    response.vary.add("Accept")
    return response
