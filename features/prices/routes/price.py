"""The prices of one ticker: download as JSON or CSV, upload as CSV or workbook, deletion."""

from __future__ import annotations

from flask import Response

from api.authentication import actor_id, org_id
from api.blueprint import api_blueprint
from api.csv_file import csv_response, wants_csv
from api.flags import require_flag
from api.heavy import heavy_read, hold_slot
from api.marks import needs
from api.problem import FILE_PROBLEMS
from api.rate_limit import Budget, budget
from api.schemas import TickerPath
from api.services import services
from features.prices.files.source import ARCHIVE
from features.prices.flags import UPLOADS
from features.prices.former import delete_prices
from features.prices.originals import Originals
from features.prices.routes.tags import PRICES
from features.prices.schemas.price import PriceFile, PricesAnswer, PricesQuery, QualityAnswer, UploadAnswer, UploadQuery
from features.prices.service import check_quality, read_prices, stream_csv, stream_json
from features.prices.uploads import Upload, import_prices
from models.access import Scope
from utils.api_utils import json_response, streamed_response

blueprint = api_blueprint("price", PRICES)

LARGE_FILE = 1_000_000  # bytes: some 20,000 bars, far more than the daily history of a stock


@blueprint.get(
    "/prices/<ticker>", responses={200: PricesAnswer}, problems=("ticker_not_found", "price_quality"), sends=("Content-Disposition",)
)
@heavy_read()
def get_prices(path: TickerPath, query: PricesQuery) -> Response:
    """Daily prices as delivered, and on what bases they stand; with `Accept: text/csv` as a file that can be uploaded again."""
    footing, packed = read_prices(services().database, org_id(), path.ticker, query.start, query.end)
    if wants_csv():
        response = csv_response(stream_csv(packed), f"{footing.ticker}.csv")
    else:
        response = streamed_response(stream_json(footing, packed), "application/json")
    response.vary.add("Accept")
    return response


@blueprint.get("/prices/<ticker>/quality", responses={200: QualityAnswer}, problems=("ticker_not_found", "price_quality"))
@heavy_read()
def get_price_quality(path: TickerPath) -> Response:
    """The extent of a ticker's stored prices, their gaps, and the warnings that an analysis would give today."""
    return json_response(check_quality(services().database, org_id(), path.ticker))


@blueprint.put(
    "/prices/<ticker>",
    responses={200: UploadAnswer},
    problems=(
        *FILE_PROBLEMS,
        "stored_days_lost",
        "price_quality",
        "ambiguous_dates",
        "bases_differ",
        "organization_limit",
        "feature_disabled",
    ),
)
@needs(Scope.MANAGE)
@budget(Budget.UPLOADS)
def upload_prices(path: TickerPath, query: UploadQuery, raw: PriceFile) -> Response:
    """Upload a file of daily prices as sites and tools export it: CSV, or the first sheet of a workbook. `understood` tells how it is read.

    It needs columns for the date, open, high, low and close; volume and adjusted close are read where they are there, and others ignored. A
    file is taken whole or refused with the line and column of each fault. The file itself is kept, too: see GET
    /prices/{ticker}/originals.
    """
    require_flag(UPLOADS)
    raw.max_content_length = services().settings.max_upload_bytes
    file = raw.get_data(cache=False)
    if len(file) > LARGE_FILE or file.startswith(ARCHIVE):
        # After the file has arrived: a request that waits for its body needs no slot.
        hold_slot()
    upload, originals = Upload(org_id(), path.ticker, file), Originals.of(services().foundation, actor_id())
    return json_response(import_prices(services().database, upload, query.options(), originals))


@blueprint.delete("/prices/<ticker>", responses={204: None}, problems=("ticker_not_found", "conflict"))
@needs(Scope.MANAGE)
def remove_prices(path: TickerPath) -> Response:
    """Delete your own prices of a ticker; they can be restored for a week. Results stay, and so do splits and dividends that you added."""
    delete_prices(services().database, org_id(), path.ticker)
    return Response(status=204)
