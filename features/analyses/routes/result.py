"""Stored results: one result, its flips and honesty, a ticker's history, and the latest results."""

from __future__ import annotations

import hashlib
from dataclasses import astuple
from urllib.parse import urlencode

from flask import Response, request

from analysis.engine import ENGINE_VERSION
from api.authentication import org_id
from api.blueprint import api_blueprint
from api.client_gone import client_check
from api.csv_file import csv_response, wants_csv
from api.heavy import heavy_read
from api.paging import page, read_cursor
from api.schemas import ResultPath, TickerPath
from api.services import services
from features.analyses.results_csv import page_csv, results_csv
from features.analyses.routes.tags import RESULTS
from features.analyses.schemas.result import (
    FlipsAnswer,
    HistoryQuery,
    HonestyAnswer,
    LatestPage,
    ResultPage,
    ResultsQuery,
    ToldResultAnswer,
)
from features.analyses.service import compute_flips, compute_honesty, is_superseded, result_body
from features.analyses.store import result as result_store
from features.analyses.store import screener as screener_store
from features.prices import service as prices
from features.strategies.service import require_known
from models.errors import ResultNotFound, TickerNotFound
from models.result import HistoryFilter, ResultSummary
from utils.api_utils import json_response, tagged
from utils.clock import iso, parse_iso
from utils.ids import is_id
from utils.json_text import parse_tolerant

blueprint = api_blueprint("result", RESULTS)


@blueprint.get("/results/<result_id>", responses={200: ToldResultAnswer}, problems=("not_found",), sends=("ETag",))
def get_result(path: ResultPath) -> Response:
    """One result, unchanged since it was computed, and whether it is `superseded`. `ETag` is its fingerprint, with `-superseded` then.

    A replacement of its prices is told within a second. `If-None-Match` is honoured.
    """
    if not is_id(path.result_id):
        raise ResultNotFound(path.result_id)
    parts = services()
    result = result_body(parts.database, org_id(), path.result_id, parts.cache)
    superseded = is_superseded(parts.database, org_id(), path.result_id, result, parts.replacements)
    told = result.body[:-1] + (b',"superseded":true}' if superseded else b',"superseded":false}')
    return tagged(told, f"{result.fingerprint}-superseded" if superseded else result.fingerprint)


@blueprint.get("/results/<result_id>/flips", responses={200: FlipsAnswer}, problems=("not_found", "conflict"))
@heavy_read()
def get_flips(path: ResultPath) -> Response:
    """What the next day's close makes of a result. An unchanged one comes first, then the nearest above and below that turn the verdict."""
    if not is_id(path.result_id):
        raise ResultNotFound(path.result_id)
    stored, flips = compute_flips(services().database, org_id(), path.result_id, client_check())
    result = parse_tolerant(stored.body)
    return json_response(
        {"result_id": stored.id, "ticker": stored.ticker, "close": result["close"], "verdict": result["verdict"], **vars(flips)}
    )


@blueprint.get("/results/<result_id>/honesty", responses={200: HonestyAnswer}, problems=("not_found", "conflict"))
@heavy_read()
def get_honesty(path: ResultPath) -> Response:
    """Whether the scores behind a result know the future, and how much they depend on where its history begins.

    `lookahead` scores up to 60 days without the bars after them, and compares that with the scores which the whole history gives them.
    `recursion` scores the same days with only the last bars before them.
    """
    if not is_id(path.result_id):
        raise ResultNotFound(path.result_id)
    stored, honesty = compute_honesty(services().database, org_id(), path.result_id, client_check())
    what = {"result_id": stored.id, "ticker": stored.ticker, "as_of": stored.as_of, "engine_version": ENGINE_VERSION}
    return json_response({**what, **vars(honesty)})


@blueprint.get("/results", responses={200: LatestPage}, problems=("universe_not_found",), sends=("ETag", "Content-Disposition", "Link"))
@heavy_read(when=wants_csv)
def list_results(query: ResultsQuery) -> Response:
    """The latest result of each ticker and strategy, filtered and sorted. `If-None-Match` is honoured.

    `total` is how many match. With `Accept: text/csv` the list is sent as a file with the chosen `columns`: the whole of it, or with
    `limit` or `cursor` a page, whose `Link` leads to the next.
    """
    filters = query.filter()
    is_page = not query.model_fields_set.isdisjoint({"limit", "cursor"})
    if wants_csv() and not is_page:
        with services().database.reader() as reader:
            require_known(reader, org_id(), filters.strategy)
        response = csv_response(results_csv(services().database, org_id(), filters, services().universes), "bellwether-results.csv")
        response.vary.add("Accept")
        return response
    scope = ["results", _digest(query)]
    after = read_cursor(query.cursor, scope)
    with services().database.read() as connection:
        prices.require_universe(connection, org_id(), filters.universe, services().universes)
        require_known(connection, org_id(), filters.strategy)
        rows = screener_store.list_latest(connection, org_id(), filters, query.limit + 1, after)
        total = screener_store.count_latest(connection, org_id(), filters)
    items, next_cursor = page(rows, query.limit, scope, lambda last: last.position())
    if wants_csv():
        response = csv_response(page_csv([listed.result for listed in items], filters), "bellwether-results.csv")
        if next_cursor is not None:
            next_page = urlencode({**request.args, "limit": query.limit, "cursor": next_cursor})
            response.headers["Link"] = f'<{request.path}?{next_page}>; rel="next"'
        response.vary.add("Accept")
        return response
    response = tagged({"items": [listed.result for listed in items], "next_cursor": next_cursor, "total": total})
    response.vary.add("Accept")
    return response


def _digest(query: ResultsQuery) -> str:
    """What a cursor belongs to, as a short text. Its page may have another length and other columns."""
    return hashlib.sha256(query.model_dump_json(exclude={"limit", "cursor", "columns"}).encode()).hexdigest()[:16]


@blueprint.get("/history/<ticker>", responses={200: ResultPage}, problems=("ticker_not_found",), sends=("ETag",))
def list_history(path: TickerPath, query: HistoryQuery) -> Response:
    """A ticker's results, newest first. A repeated analysis of the same prices adds none. `If-None-Match` is honoured."""
    wanted = HistoryFilter(path.ticker, query.strategy)
    scope = ["history", *astuple(wanted)]
    position = read_cursor(query.cursor, scope)
    before = None if position is None else (parse_iso(position[0]), position[1])
    with services().database.read() as connection:
        require_known(connection, org_id(), wanted.strategy)
        rows = result_store.history(connection, org_id(), wanted, query.limit + 1, before)
        if not rows and before is None and prices.find_head(connection, org_id(), path.ticker) is None:
            raise TickerNotFound(path.ticker)
    items, next_cursor = page(rows, query.limit, scope, _history_position)
    return tagged({"items": items, "next_cursor": next_cursor})


def _history_position(last: ResultSummary) -> list[str]:
    return [iso(last.created_at), last.id]
