"""The watchlist."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import Tag, api_blueprint
from api.paging import page, read_cursor
from api.problem import problem_answers
from api.schemas import LongPageQuery, TickerPath
from api.services import services
from features.prices import service as prices
from features.watchlist.schemas.watchlist import WatchlistAddRequest, WatchlistItemAnswer, WatchlistPage
from features.watchlist.store import watchlist as watchlist_store
from models.errors import WatchlistItemExists, WatchlistItemNotFound
from models.watchlist import WatchlistItem
from utils.api_utils import json_response
from utils.clock import now

blueprint = api_blueprint("watchlist", Tag("Watchlist", "Tickers to follow."))
SCOPE = ["watchlist"]


@blueprint.get("/watchlist", responses={200: WatchlistPage})
def list_watchlist(query: LongPageQuery) -> Response:
    """The followed tickers, by ticker."""
    after = read_cursor(query.cursor, SCOPE)
    with services().database.read() as connection:
        rows = watchlist_store.list_items(connection, org_id(), after[0] if after else "", query.limit + 1)
    items, next_cursor = page(rows, query.limit, SCOPE, lambda last: [last.ticker])
    return json_response({"items": items, "next_cursor": next_cursor})


@blueprint.post("/watchlist", responses={201: WatchlistItemAnswer, **problem_answers(400, 409, 413, 415)}, sends=("Location",))
def add_to_watchlist(body: WatchlistAddRequest) -> Response:
    """Follow a ticker; prices for it may come later."""
    with services().database.transaction() as connection:
        series = prices.find_head(connection, org_id(), body.ticker) if body.name is None else None
        name = series.name if series is not None else body.name
        item = WatchlistItem(body.ticker, name, body.notes, now())
        if not watchlist_store.insert(connection, org_id(), item):
            raise WatchlistItemExists(body.ticker)
    return json_response(item, 201, {"Location": "/api/v1/watchlist"})


@blueprint.delete("/watchlist/<ticker>", responses={204: None, **problem_answers(404)})
def remove_from_watchlist(path: TickerPath) -> Response:
    """Stop following a ticker."""
    with services().database.transaction() as connection:
        if not watchlist_store.delete(connection, org_id(), path.ticker):
            raise WatchlistItemNotFound(path.ticker)
    return Response(status=204)
