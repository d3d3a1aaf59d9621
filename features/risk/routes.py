"""GET /risk/{reference}."""

from __future__ import annotations

from flask import Response, request

from api.authentication import org_id
from api.blueprint import Tag, api_blueprint
from api.csv_file import csv_response, wants_csv
from api.heavy import heavy_read
from api.schemas import LinePath
from api.services import services
from features.risk.risk_csv import risk_csv
from features.risk.schemas import RiskAnswer, RiskQuery
from features.risk.service import hold, risk_of, series_of
from utils.api_utils import tagged
from utils.json_text import dump

RISK = Tag("Risk", "What holding something was like: growth, falls, and how it moved beside a benchmark.")
blueprint = api_blueprint("risk", RISK)


@blueprint.get(
    "/risk/<reference>",
    responses={200: RiskAnswer},
    problems=("ticker_not_found", "line_not_found", "insufficient_history", "price_quality"),
    sends=("ETag", "Content-Disposition"),
)
@heavy_read(when=lambda: wants_csv() or request.args.get("series") is not None)
def get_risk(path: LinePath, query: RiskQuery) -> Response:
    """The risk of holding a ticker, a portfolio or an index; each number with its definition.

    A ticker's is of its closes adjusted for splits and dividends, a portfolio's of its growth without what came or went. With a benchmark
    every number is of the days that both have; different currencies are not converted, and `notes` say so. `If-None-Match` is honoured.
    With `Accept: text/csv` the lines by day are sent as a file.
    """
    held = hold(services().foundation, org_id(), query.order(path.reference))
    if wants_csv():
        response = tagged(csv_response(risk_csv(series_of(held)), f"risk-{path.reference}.csv"), f"{held.tag}-csv")
    else:
        response = tagged(dump(risk_of(held, with_series=query.series)), f"{held.tag}-series" if query.series else held.tag)
    response.vary.add("Accept")
    return response
