"""The watch lists, and the items of each. The default one has the id `default`, and its items are those of /watchlist."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.marks import needs
from api.problem import BODY_PROBLEMS
from api.schemas import LongPageQuery
from api.services import services
from features.watchlist import lists
from features.watchlist.routes import items
from features.watchlist.routes.tags import WATCHLIST
from features.watchlist.schemas.named import (
    NamedListChangeRequest,
    NewWatchlistRequest,
    WatchlistAnswer,
    WatchlistItemPath,
    WatchlistPath,
    WatchlistsPage,
    WatchlistsQuery,
)
from features.watchlist.schemas.watchlist import (
    WatchlistAddedAnswer,
    WatchlistAddManyRequest,
    WatchlistAddRequest,
    WatchlistChangeRequest,
    WatchlistItemAnswer,
    WatchlistPage,
)
from infrastructure.audit import note
from models.access import Scope
from models.watchlist import ListKey
from utils.api_utils import json_response, tagged

blueprint = api_blueprint("watchlists", WATCHLIST)
CHANGE_PROBLEMS = (*BODY_PROBLEMS, "not_found", "conflict")


@blueprint.get("/watchlists", responses={200: WatchlistsPage}, sends=("ETag",))
def list_watchlists(query: WatchlistsQuery) -> Response:
    """All watch lists in their order, with the number of tickers on each; the default one is first. `If-None-Match` is honoured."""
    with services().database.reader() as connection:
        found = lists.all_lists(connection, org_id(), query.ticker)
    return tagged({"items": found, "next_cursor": None})


@blueprint.post("/watchlists", responses={201: WatchlistAnswer}, problems=(*BODY_PROBLEMS, "conflict"), sends=("Location",))
@needs(Scope.MANAGE)
def create_watchlist(body: NewWatchlistRequest) -> Response:
    """Make an empty watch list, behind the others. There may be a hundred beside the default one."""
    with services().database.transaction() as connection:
        made = lists.create(connection, org_id(), body.name)
        note(connection, target=f"watchlists/{made.id}")
    return json_response(made, 201, {"Location": f"/api/v1/watchlists/{made.id}"})


@blueprint.get("/watchlists/<list_id>", responses={200: WatchlistAnswer}, problems=("not_found",))
def get_watchlist(path: WatchlistPath) -> Response:
    """One watch list, without its items."""
    with services().database.reader() as connection:
        found = lists.find(connection, ListKey(org_id(), path.list_id))
    return json_response(found)


@blueprint.patch("/watchlists/<list_id>", responses={200: WatchlistAnswer}, problems=CHANGE_PROBLEMS)
@needs(Scope.MANAGE)
def change_watchlist(path: WatchlistPath, body: NamedListChangeRequest) -> Response:
    """Rename a watch list, or move it among the others. The default one keeps its name and its place."""
    with services().database.transaction() as connection:
        key = ListKey(org_id(), path.list_id)
        former = lists.find(connection, key)
        changed = lists.change(connection, key, body.changes())
        note(connection, before=former, after=changed)
    return json_response(changed)


@blueprint.delete("/watchlists/<list_id>", responses={204: None}, problems=("not_found", "conflict"))
@needs(Scope.MANAGE)
def delete_watchlist(path: WatchlistPath) -> Response:
    """Delete a watch list with its items. Prices and results are not affected. The default one cannot be deleted."""
    with services().database.transaction() as connection:
        key = ListKey(org_id(), path.list_id)
        note(connection, before=lists.find(connection, key))
        lists.delete(connection, key)
    return Response(status=204)


@blueprint.get("/watchlists/<list_id>/items", responses={200: WatchlistPage}, problems=("not_found",))
def list_watchlist_items(path: WatchlistPath, query: LongPageQuery) -> Response:
    """The tickers of a watch list, by ticker."""
    return items.list_items(path.list_id, query)


@blueprint.post("/watchlists/<list_id>/items", responses={201: WatchlistItemAnswer}, problems=CHANGE_PROBLEMS, sends=("Location",))
@needs(Scope.MANAGE)
def add_to_list(path: WatchlistPath, body: WatchlistAddRequest) -> Response:
    """Add a ticker to a watch list; prices for it may come later."""
    return items.add(path.list_id, body)


@blueprint.post("/watchlists/<list_id>/items/batch", responses={200: WatchlistAddedAnswer}, problems=(*BODY_PROBLEMS, "not_found"))
@needs(Scope.MANAGE)
def add_many_to_list(path: WatchlistPath, body: WatchlistAddManyRequest) -> Response:
    """Add several tickers to a watch list at once, as POST /watchlist/items does."""
    return items.add_many(path.list_id, body)


@blueprint.get("/watchlists/<list_id>/items/<ticker>", responses={200: WatchlistItemAnswer}, problems=("not_found",))
def get_list_item(path: WatchlistItemPath) -> Response:
    """One ticker of a watch list."""
    return items.get(path.list_id, path.ticker)


@blueprint.patch("/watchlists/<list_id>/items/<ticker>", responses={200: WatchlistItemAnswer}, problems=CHANGE_PROBLEMS)
@needs(Scope.MANAGE)
def change_list_item(path: WatchlistItemPath, body: WatchlistChangeRequest) -> Response:
    """Change the name or notes of a ticker on a watch list, or its place in the list's order by hand. What the body does not name stays."""
    return items.change(path.list_id, path.ticker, body)


@blueprint.delete("/watchlists/<list_id>/items/<ticker>", responses={204: None}, problems=("not_found",))
@needs(Scope.MANAGE)
def remove_from_list(path: WatchlistItemPath) -> Response:
    """Take a ticker off a watch list. It stays on the others."""
    return items.remove(path.list_id, path.ticker)
