"""What the routes of the items of a list do, be it the default list or a named one."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.paging import page, read_cursor
from api.schemas import LongPageQuery
from api.services import services
from features.watchlist import service
from features.watchlist.schemas.watchlist import WatchlistAddManyRequest, WatchlistAddRequest, WatchlistChangeRequest
from infrastructure.audit import note, note_created
from models.watchlist import ListKey
from utils.api_utils import json_response


def list_items(list_id: str, query: LongPageQuery) -> Response:
    """A page of the list."""
    key = ListKey(org_id(), list_id)
    scope = key.scope("watchlist")
    after = read_cursor(query.cursor, scope)
    with services().database.read() as connection:
        rows = service.list_items(connection, key, after[0] if after else "", query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.ticker])
    return json_response({"items": items, "next_cursor": next_cursor})


def add(list_id: str, body: WatchlistAddRequest) -> Response:
    """Add one ticker."""
    key = ListKey(org_id(), list_id)
    with services().database.transaction() as connection:
        item = service.add(connection, key, body.ticker, body.name, body.notes)
        note_created(service.path_of(key, item.ticker))
    return json_response(item, 201, {"Location": service.path_of(key, item.ticker)})


def add_many(list_id: str, body: WatchlistAddManyRequest) -> Response:
    """Add several tickers."""
    key = ListKey(org_id(), list_id)
    with services().database.transaction() as connection:
        items = service.add_many(connection, key, body.tickers, body.notes, needs_prices=body.without_prices == "skip")
    return json_response({"items": items})


def get(list_id: str, ticker: str) -> Response:
    """One item."""
    with services().database.read() as connection:
        item = service.find(connection, ListKey(org_id(), list_id), ticker)
    return json_response(item)


def change(list_id: str, ticker: str, body: WatchlistChangeRequest) -> Response:
    """Change an item."""
    with services().database.transaction() as connection:
        key = ListKey(org_id(), list_id)
        former = service.find(connection, key, ticker)
        item = service.change(connection, key, ticker, body.changes())
        note(connection, before=former, after=item)
    return json_response(item)


def remove(list_id: str, ticker: str) -> Response:
    """Remove an item."""
    with services().database.transaction() as connection:
        key = ListKey(org_id(), list_id)
        note(connection, before=service.find(connection, key, ticker))
        service.remove(connection, key, ticker)
    return Response(status=204)
