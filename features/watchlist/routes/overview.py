"""The overview: a watch list with the latest verdict of each ticker, and what changed."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import DASHBOARD, api_blueprint
from api.paging import page, read_cursor
from api.services import services
from features.analyses import service as analyses
from features.strategies.service import require_known
from features.watchlist import lists
from features.watchlist.schemas.overview import OverviewPage, OverviewQuery
from features.watchlist.store import overview as overview_store
from infrastructure.exchanges import Expectations
from models.watchlist import ListKey
from utils.api_utils import tagged
from utils.clock import now

blueprint = api_blueprint("overview", DASHBOARD)


@blueprint.get("/overview", responses={200: OverviewPage}, problems=("not_found",), sends=("ETag",))
def get_overview(query: OverviewQuery) -> Response:
    """The tickers of a watch list, each with its latest verdict, what it was, a failed analysis, and newest closes. Nothing is analysed.

    Tickers without prices or results are included, except with `changed_since`. `If-None-Match` is honoured.
    """
    order = query.order()
    key = ListKey(org_id(), query.list)
    scope = [*key.scope("overview"), order.strategy, order.sort, str(query.changed_since)]
    after = read_cursor(query.cursor, scope)
    with services().database.reader() as connection:
        lists.require(connection, key)
        require_known(connection, org_id(), order.strategy)
        failures = analyses.standing_failures(connection, org_id(), order.strategy)
        rows = overview_store.list_rows(connection, key, order, after, query.limit + 1)
    expectations = Expectations(now())
    items = [overview_store.item_from_row(row, failures, expectations) for row in rows]
    items, next_cursor = page(items, query.limit, scope, lambda last: overview_store.place(order.sort, last))
    return tagged({"items": items, "next_cursor": next_cursor})
