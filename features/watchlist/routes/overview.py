"""The overview: the watchlist with the latest verdict of each ticker."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import DASHBOARD, api_blueprint
from api.paging import page, read_cursor
from api.services import services
from features.watchlist.schemas.overview import OverviewPage, OverviewQuery
from features.watchlist.store import overview as overview_store
from utils.api_utils import tagged

blueprint = api_blueprint("overview", DASHBOARD)


@blueprint.get("/overview", responses={200: OverviewPage}, sends=("ETag",))
def get_overview(query: OverviewQuery) -> Response:
    """The followed tickers by ticker, each with its latest verdict, the one before, and its newest closes. Nothing is analysed.

    Tickers without prices or results are included. `If-None-Match` is honoured.
    """
    scope = ["overview", query.strategy]
    after = read_cursor(query.cursor, scope)
    with services().database.reader() as connection:
        rows = overview_store.list_items(connection, org_id(), query.strategy, after[0] if after else "", query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.ticker])
    return tagged({"items": items, "next_cursor": next_cursor})
