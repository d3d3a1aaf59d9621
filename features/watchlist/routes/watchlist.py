"""The default watch list."""

from __future__ import annotations

from flask import Response

from api.blueprint import api_blueprint
from api.marks import needs
from api.problem import BODY_PROBLEMS
from api.schemas import LongPageQuery, TickerPath
from features.watchlist.routes import items
from features.watchlist.routes.tags import WATCHLIST
from features.watchlist.schemas.watchlist import (
    WatchlistAddedAnswer,
    WatchlistAddManyRequest,
    WatchlistAddRequest,
    WatchlistChangeRequest,
    WatchlistItemAnswer,
    WatchlistPage,
)
from models.access import Scope
from models.watchlist import DEFAULT_LIST

blueprint = api_blueprint("watchlist", WATCHLIST)


@blueprint.get("/watchlist", responses={200: WatchlistPage})
def list_watchlist(query: LongPageQuery) -> Response:
    """The followed tickers, by ticker. This is the default list; GET /watchlists has all of them."""
    return items.list_items(DEFAULT_LIST, query)


@blueprint.post("/watchlist", responses={201: WatchlistItemAnswer}, problems=(*BODY_PROBLEMS, "conflict"), sends=("Location",))
@needs(Scope.MANAGE)
def add_to_watchlist(body: WatchlistAddRequest) -> Response:
    """Follow a ticker; prices for it may come later."""
    return items.add(DEFAULT_LIST, body)


@blueprint.post("/watchlist/items", responses={200: WatchlistAddedAnswer}, problems=(*BODY_PROBLEMS,))
@needs(Scope.MANAGE)
def add_many_to_watchlist(body: WatchlistAddManyRequest) -> Response:
    """Follow several tickers at once. The answer says of each whether it was added; one that is followed already stays as it is."""
    return items.add_many(DEFAULT_LIST, body)


@blueprint.get("/watchlist/<ticker>", responses={200: WatchlistItemAnswer}, problems=("not_found",))
def get_watchlist_item(path: TickerPath) -> Response:
    """One followed ticker."""
    return items.get(DEFAULT_LIST, path.ticker)


@blueprint.patch("/watchlist/<ticker>", responses={200: WatchlistItemAnswer}, problems=(*BODY_PROBLEMS, "not_found", "conflict"))
@needs(Scope.MANAGE)
def change_watchlist_item(path: TickerPath, body: WatchlistChangeRequest) -> Response:
    """Change the name or notes of a followed ticker, or its place in the order by hand. What the body does not name stays."""
    return items.change(DEFAULT_LIST, path.ticker, body)


@blueprint.delete("/watchlist/<ticker>", responses={204: None}, problems=("not_found",))
@needs(Scope.MANAGE)
def remove_from_watchlist(path: TickerPath) -> Response:
    """Stop following a ticker."""
    return items.remove(DEFAULT_LIST, path.ticker)
