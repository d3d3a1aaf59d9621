"""The watchlist."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response

from api.authentication import org_id
from api.blueprint import Tag, api_blueprint
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.schemas import LongPageQuery, TickerPath
from api.services import services
from features.watchlist import service
from features.watchlist.schemas.watchlist import (
    WatchlistAddedAnswer,
    WatchlistAddManyRequest,
    WatchlistAddRequest,
    WatchlistChangeRequest,
    WatchlistItemAnswer,
    WatchlistPage,
)
from features.watchlist.store import watchlist as watchlist_store
from utils.api_utils import json_response

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


@blueprint.post("/watchlist", responses={201: WatchlistItemAnswer}, problems=(*BODY_PROBLEMS, "conflict"), sends=("Location",))
def add_to_watchlist(body: WatchlistAddRequest) -> Response:
    """Follow a ticker; prices for it may come later."""
    with services().database.transaction() as connection:
        item = service.add(connection, org_id(), body.ticker, body.name, body.notes)
    return json_response(item, 201, {"Location": f"/api/v1/watchlist/{quote(item.ticker, safe='')}"})


@blueprint.post("/watchlist/items", responses={200: WatchlistAddedAnswer}, problems=(*BODY_PROBLEMS,))
def add_many_to_watchlist(body: WatchlistAddManyRequest) -> Response:
    """Follow several tickers at once. The answer says of each whether it was added; one that is followed already stays as it is."""
    with services().database.transaction() as connection:
        items = service.add_many(connection, org_id(), body.tickers, body.notes, needs_prices=body.without_prices == "skip")
    return json_response({"items": items})


@blueprint.get("/watchlist/<ticker>", responses={200: WatchlistItemAnswer}, problems=("not_found",))
def get_watchlist_item(path: TickerPath) -> Response:
    """One followed ticker."""
    with services().database.read() as connection:
        item = service.find(connection, org_id(), path.ticker)
    return json_response(item)


@blueprint.patch("/watchlist/<ticker>", responses={200: WatchlistItemAnswer}, problems=(*BODY_PROBLEMS, "not_found", "conflict"))
def change_watchlist_item(path: TickerPath, body: WatchlistChangeRequest) -> Response:
    """Change the name or notes of a followed ticker, or its place in the order by hand. What the body does not name stays."""
    with services().database.transaction() as connection:
        item = service.change(connection, org_id(), path.ticker, body.changes())
    return json_response(item)


@blueprint.delete("/watchlist/<ticker>", responses={204: None}, problems=("not_found",))
def remove_from_watchlist(path: TickerPath) -> Response:
    """Stop following a ticker."""
    with services().database.transaction() as connection:
        service.remove(connection, org_id(), path.ticker)
    return Response(status=204)
