"""The tickers with stored prices."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.paging import page, read_cursor
from api.services import services
from features.prices.routes.tags import PRICES
from features.prices.schemas.ticker import TickerPage, TickersQuery
from features.prices.store import series as series_store
from infrastructure.exchanges import Expectations
from models.price_series import SeriesHead
from utils.api_utils import json_response
from utils.clock import now

blueprint = api_blueprint("ticker", PRICES)


@blueprint.get("/tickers", responses={200: TickerPage})
def list_tickers(query: TickersQuery) -> Response:
    """Find tickers by the start of the ticker or a part of the name."""
    scope = ["tickers", query.q]
    after = read_cursor(query.cursor, scope)
    with services().database.read() as connection:
        rows = series_store.list_heads(connection, org_id(), query.q, after[0] if after else "", query.limit + 1)
    heads, next_cursor = page(rows, query.limit, scope, lambda last: [last.ticker])
    expectations = Expectations(now())
    return json_response({"items": [_item(head, expectations) for head in heads], "next_cursor": next_cursor})


def _item(head: SeriesHead, expectations: Expectations) -> dict[str, object]:
    return {
        "ticker": head.ticker,
        "name": head.name,
        "bars": head.bars,
        "first": head.first_day,
        "last": head.last_day,
        "provider": head.provider,
        "freshness": expectations.of(head.ticker, head.exchange).freshness_of(head.last_day),
    }
