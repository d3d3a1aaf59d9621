"""What failed lately, for operators."""

from __future__ import annotations

from flask import Response

from api.blueprint import ADMINISTRATION, api_blueprint
from api.marks import operators
from api.services import services
from features.operations.schemas.errors import ErrorList, ErrorsQuery
from infrastructure.error_store import list_errors
from jobs.status import list_failures
from utils.api_utils import json_response

blueprint = api_blueprint("recent_error", ADMINISTRATION)


@blueprint.get("/admin/errors", responses={200: ErrorList}, problems=("forbidden",))
@operators
def list_recent_errors(query: ErrorsQuery) -> Response:
    """What failed lately in any process: unexpected errors of requests, openings of breakers, and failed items of jobs by code.

    Messages are in the log only, where `request_id` finds them. Errors are listed within seconds, once the database takes them.
    """
    with services().database.read() as connection:
        return json_response({"errors": list_errors(connection, query.limit), "failed_items": list_failures(connection, query.limit)})
