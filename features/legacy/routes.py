"""Results that were imported from an earlier tool."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import Tag, api_blueprint
from api.paging import page, read_cursor
from api.services import services
from features.legacy import service
from features.legacy.schemas import ImportedResultAnswer, ImportedResultPath, ImportedResultsPage, ImportedResultsQuery
from models.imported_result import ImportedResult
from utils.api_utils import tagged
from utils.clock import iso, parse_iso

IMPORTED = Tag("Imported results", "What an earlier tool said, imported by `flask import-legacy`.")
blueprint = api_blueprint("imported_results", IMPORTED)


@blueprint.get("/imported-results", responses={200: ImportedResultsPage}, sends=("ETag",))
def list_imported_results(query: ImportedResultsQuery) -> Response:
    """What an earlier tool said, newest first. `If-None-Match` is honoured.

    These are no results of this engine: `GET /results` and `GET /history/{ticker}` leave them out, and no record counts them.
    """
    wanted = query.wanted()
    scope = ["imported-results", wanted.ticker]
    position = read_cursor(query.cursor, scope)
    before = None if position is None else (parse_iso(position[0]), position[1])
    with services().database.read() as connection:
        rows = service.list_results(connection, org_id(), wanted, query.limit + 1, before)
    items, next_cursor = page(rows, query.limit, scope, _position)
    return tagged({"items": items, "next_cursor": next_cursor})


@blueprint.get("/imported-results/<result_id>", responses={200: ImportedResultAnswer}, problems=("not_found",), sends=("ETag",))
def get_imported_result(path: ImportedResultPath) -> Response:
    """One imported result, with what the earlier tool kept beside it as `details`. `If-None-Match` is honoured."""
    with services().database.reader() as connection:
        found = service.find(connection, org_id(), path.result_id)
    return tagged(vars(found))


def _position(last: ImportedResult) -> list[str]:
    return [iso(last.analysed_at), last.id]
