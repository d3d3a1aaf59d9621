"""The files that brought a ticker's prices, as they were sent."""

from __future__ import annotations

from flask import Response

from api.attachment import attachment, stored_file_answer
from api.authentication import org_id
from api.blueprint import api_blueprint
from api.heavy import heavy_read
from api.marks import needs
from api.paging import page, read_cursor
from api.schemas import PageQuery, TickerPath
from api.services import services
from features.files import service as files
from features.files.schemas import file_answer
from features.files.service import files_of
from features.prices.routes.tags import PRICES
from features.prices.schemas.original import OriginalPath, OriginalsPage
from infrastructure.audit import note
from models.access import Scope
from models.stored_file import Purpose
from utils.api_utils import json_response

blueprint = api_blueprint("price_original", PRICES)


@blueprint.get("/prices/<ticker>/originals", responses={200: OriginalsPage})
def list_originals(path: TickerPath, query: PageQuery) -> Response:
    """The files that you uploaded for a ticker, as they were sent, newest first; also those of imports that brought its prices.

    The newest ten uploads of a ticker and the newest ten imports are kept, for ORIGINALS_KEPT_DAYS, also when the prices were replaced or
    deleted since.
    """
    scope = ["price-originals", path.ticker]
    before = read_cursor(query.cursor, scope)
    with services().database.reader() as connection:
        about = (Purpose.UPLOAD, path.ticker)
        rows = files.list_about(connection, org_id(), about, str(before[0]) if before else None, query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.id])
    return json_response({"items": [file_answer(each) for each in items], "next_cursor": next_cursor})


@blueprint.get(
    "/prices/<ticker>/originals/<file_id>", responses=stored_file_answer(), problems=("not_found",), sends=("Content-Disposition",)
)
@heavy_read()
def get_original(path: OriginalPath) -> Response:
    """A file that you uploaded, to the byte; of an import the whole archive."""
    with services().database.reader() as connection:
        file = files.find_about(connection, org_id(), Purpose.UPLOAD, path.ticker, path.file_id)
    return attachment(files_of(services().foundation).read(file), file.name, file.content_type, file.bytes)


@blueprint.delete("/prices/<ticker>/originals/<file_id>", responses={204: None}, problems=("not_found",))
@needs(Scope.MANAGE)
def delete_original(path: OriginalPath) -> Response:
    """Remove a file that you uploaded; the prices stay. That of an import goes for all of its tickers."""
    with services().database.transaction() as connection:
        file = files.find_about(connection, org_id(), Purpose.UPLOAD, path.ticker, path.file_id)
        files.remove(connection, org_id(), file.id)
        note(connection, before=file_answer(file))
    files_of(services().foundation).clear([file.id])
    return Response(status=204)
