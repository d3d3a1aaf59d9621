"""The lines of a ticker's chart."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import DASHBOARD, api_blueprint
from api.heavy import heavy_read
from api.schemas import TickerPath
from api.services import services
from features.analyses.schemas.series import SeriesAnswer, SeriesQuery
from features.analyses.series import build_series
from features.strategies.service import finder
from utils.api_utils import streamed_response, tagged

blueprint = api_blueprint("series", DASHBOARD)


@blueprint.get("/series/<ticker>", responses={200: SeriesAnswer}, problems=("ticker_not_found", "price_quality"), sends=("ETag",))
@heavy_read()
def get_series(path: TickerPath, query: SeriesQuery) -> Response:
    """Prices, indicators and score by day; each day's values use that day and earlier ones only. `If-None-Match` is honoured."""
    database = services().database
    series = build_series(database, org_id(), query.order(path.ticker, finder(database, org_id())))
    return tagged(streamed_response(series.pieces, "application/json"), series.tag)
