"""Universes: sets of tickers under a name."""

from __future__ import annotations

from flask import Response
from sqlalchemy import Connection

from api.authentication import org_id
from api.blueprint import Tag, api_blueprint
from api.flags import require_flag
from api.marks import needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.rate_limit import Budget, budget
from api.services import services
from features.prices import universes
from features.prices.flags import UPLOADS
from features.prices.routes.ticker import facts_of
from features.prices.schemas.universe import (
    UniverseAnswer,
    UniversePath,
    UniverseQuery,
    UniverseRequest,
    UniversesAnswer,
    UniverseStored,
)
from models.access import Scope
from models.universe import ALL
from utils.api_utils import json_response, tagged

blueprint = api_blueprint("universe", Tag("Universes", "Sets of tickers under a name, which a request names instead of listing them."))


@blueprint.get("/universes", responses={200: UniversesAnswer}, sends=("ETag",))
def list_universes() -> Response:
    """All universes: `all` and `watchlist`, which are built in, then your own by name. `If-None-Match` is honoured."""
    with services().database.read() as connection:
        found = universes.list_all(connection, org_id(), services().universes)
    return tagged({"items": found, "next_cursor": None})


@blueprint.get("/universes/<name>", responses={200: UniverseAnswer}, problems=("universe_not_found",), sends=("ETag",))
def get_universe(path: UniversePath, query: UniverseQuery) -> Response:
    """A universe and its tickers, with what is known of each. `If-None-Match` is honoured."""
    scope = ["universe", path.name]
    after = read_cursor(query.cursor, scope)
    with services().database.read() as connection:
        universe, tickers = universes.find_universe(connection, org_id(), path.name, services().universes)
        stored = _stored(connection, path.name, tickers)
        rows = universes.members(connection, org_id(), tickers, after[0] if after else "", query.limit + 1)
    shown, next_cursor = page(rows, query.limit, scope, lambda last: [last.ticker])
    items = [{"ticker": member.ticker, **facts_of(member.facts), "stored": member.stored} for member in shown]
    return tagged({**vars(universe), "stored": stored, "items": items, "next_cursor": next_cursor})


@blueprint.put(
    "/universes/<name>",
    responses={200: UniverseStored, 201: UniverseStored},
    problems=(*BODY_PROBLEMS, "conflict", "price_quality", "feature_disabled"),
)
@needs(Scope.MANAGE)
@budget(Budget.UPLOADS)
def replace_universe(path: UniversePath, body: UniverseRequest) -> Response:
    """Store a universe in place of the one of that name, as one. The same again changes nothing.

    Send JSON, or a CSV file with a header as `text/csv`: a column Ticker or Symbol, and those of Name or Security, Exchange, Currency, Type
    and Sector or GICS Sector that it has, in any case; others are ignored. A file is taken whole or refused with the line of each fault.
    """
    require_flag(UPLOADS)
    is_new = universes.replace_universe(services().database, org_id(), path.name, body.listings())
    with services().database.read() as connection:
        universe, tickers = universes.find_universe(connection, org_id(), path.name, services().universes)
        stored = _stored(connection, path.name, tickers)
    return json_response({**vars(universe), "stored": stored}, 201 if is_new else 200)


@blueprint.delete("/universes/<name>", responses={204: None}, problems=("universe_not_found", "conflict"))
@needs(Scope.MANAGE)
def delete_universe(path: UniversePath) -> Response:
    """Delete a universe. Its tickers' prices and results stay, and so does what is known of them."""
    universes.delete_universe(services().database, org_id(), path.name)
    return Response(status=204)


def _stored(connection: Connection, name: str, tickers: list[str]) -> int:
    """How many have stored prices: of all tickers, those that have, each."""
    return len(tickers) if name == ALL else universes.count_with_prices(connection, org_id(), tickers)
