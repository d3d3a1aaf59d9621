"""Importing the prices of many tickers in one request, as a job."""

from __future__ import annotations

from contextlib import nullcontext

from flask import Response

from api.authentication import actor_id, org_id
from api.blueprint import REPLACES_DATA, api_blueprint
from api.flags import require_flag
from api.heavy import hold_slot
from api.marks import needs
from api.paging import page, read_cursor
from api.problem import FILE_PROBLEMS
from api.rate_limit import Budget, budget
from api.schemas import PageQuery, SubmitHeaders
from api.services import services
from features.prices.files.archive import split_upload
from features.prices.flags import UPLOADS
from features.prices.imports import list_outcomes, submit
from features.prices.originals import Originals
from features.prices.routes.tags import PRICES
from features.prices.schemas.imported import ImportFileBody, ImportPage, ImportPath, ImportQuery, MemberNames
from jobs.flags import BULK_JOBS
from jobs.schemas import JobAnswer
from jobs.submission import submit_job
from models.access import Scope
from utils.api_utils import json_response

blueprint = api_blueprint("price_import", PRICES)


@blueprint.post(
    "/price-imports",
    responses={202: JobAnswer},
    problems=(*FILE_PROBLEMS, "conflict", "price_quality", "idempotency_mismatch", "organization_limit", "feature_disabled"),
    sends=("Location", "Idempotent-Replayed"),
    openapi_extensions=REPLACES_DATA,
)
@needs(Scope.MANAGE)
@budget(Budget.UPLOADS)
def import_prices(header: SubmitHeaders, query: ImportQuery, raw: ImportFileBody) -> Response:
    """Upload the prices of many tickers: a ZIP archive with a file for each, or a CSV file with a column of tickers. A job stores them.

    Each item of the job is a ticker, and fails with what is wrong with its file; the others are stored. `GET /price-imports/{import_id}`
    tells what became of each file; `params.import_id` of the job is the id.
    """
    require_flag(UPLOADS)
    require_flag(BULK_JOBS)
    settings = services().settings
    raw.max_content_length = settings.max_import_bytes
    body = raw.get_data()
    hold_slot()
    split = split_upload(body, settings.max_upload_bytes, names_are_tickers=query.names is MemberNames.TICKERS)
    organization, options = org_id(), query.options()
    originals = Originals.of(services().foundation, actor_id())
    with originals.of_import(organization, body) if not options.dry_run else nullcontext(lambda _: None) as keep:
        return submit_job(header.idempotency_key, lambda connection: submit(connection, organization, split, options, keep(connection)))


@blueprint.get("/price-imports/<import_id>", responses={200: ImportPage}, problems=("not_found",))
def list_imported_files(path: ImportPath, query: PageQuery) -> Response:
    """What became of the files of an import, by ticker: the report of each that was stored, or why it was refused. Kept for 7 days."""
    scope = ["price-import", path.import_id]
    after = read_cursor(query.cursor, scope)
    with services().database.read() as connection:
        rows = list_outcomes(connection, org_id(), path.import_id, after[0] if after else "", query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.ticker])
    return json_response({"items": items, "next_cursor": next_cursor})
