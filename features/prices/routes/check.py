"""GET /price-checks."""

from __future__ import annotations

from flask import Response

from api.blueprint import api_blueprint
from api.paging import page, read_cursor
from api.services import services
from features.prices.routes.tags import PRICES
from features.prices.schemas.check import PriceCheckPage, PriceChecksQuery
from features.prices.store.price_check import list_checks
from utils.api_utils import json_response

blueprint = api_blueprint("price_check", PRICES)


@blueprint.get("/price-checks", responses={200: PriceCheckPage})
def list_price_checks(query: PriceChecksQuery) -> Response:
    """What the comparisons of closes between two providers found, by ticker: each night 1 % of the fetched tickers.

    They run where PRICE_PROVIDERS names two providers or more.
    """
    scope = ["price-checks", query.ticker, query.differing]
    after = read_cursor(query.cursor, scope)
    with services().database.read() as connection:
        rows = list_checks(connection, after[0] if after else "", query.limit + 1, ticker=query.ticker, only_different=query.differing)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.ticker])
    return json_response({"items": items, "next_cursor": next_cursor})
