"""How portfolios did, and the pricing packs that it was computed from."""

from __future__ import annotations

import hashlib
from datetime import date

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.csv_file import csv_response, wants_csv
from api.heavy import heavy_read
from api.paging import page, read_cursor
from api.services import services
from features.portfolios import packs, service, valuations
from features.portfolios.measuring import Measuring
from features.portfolios.performance_csv import performance_csv
from features.portfolios.routes.portfolio import PORTFOLIOS
from features.portfolios.schemas.performance import (
    PackAnswer,
    PackPath,
    PackQuery,
    PacksPage,
    PacksQuery,
    PerformanceAnswer,
    PerformanceQuery,
)
from features.portfolios.schemas.portfolio import PortfolioPath
from features.portfolios.schemas.valuation import ValuationsPage, ValuationsQuery
from utils.api_utils import json_response, tagged
from utils.json_text import dump

blueprint = api_blueprint("performance", PORTFOLIOS)
AFTER_ALL = (date.max, "~")  # a place behind all days


@blueprint.get(
    "/portfolios/<portfolio_id>/performance",
    responses={200: PerformanceAnswer},
    problems=("not_found", "insufficient_history", "price_quality", "validation_error"),
    sends=("ETag", "Content-Disposition"),
)
@heavy_read()
def get_performance(path: PortfolioPath, query: PerformanceQuery) -> Response:
    """How a portfolio did: its returns, gains and what they came from, risk, and the benchmark beside it.

    The answer names its pricing pack and the version of the ledger; with both as `pack` and `ledger`, the same bytes are computed again,
    whatever has changed since. `If-None-Match` is honoured. With `Accept: text/csv` the lines by day are sent as a file.
    """
    measuring = services().foundation.part(Measuring.of)
    if wants_csv():
        body = b"".join(performance_csv(measuring.series(path.ledger(org_id()), query.order())))
        response = tagged(csv_response([body], f"performance-{path.portfolio_id}.csv"), hashlib.sha256(body).hexdigest()[:32])
    else:
        body = dump(measuring.performance(path.ledger(org_id()), query.order()))
        response = tagged(body, hashlib.sha256(body).hexdigest()[:32])
    response.vary.add("Accept")
    return response


@blueprint.get("/portfolios/<portfolio_id>/valuations", responses={200: ValuationsPage}, problems=("not_found",), sends=("ETag",))
def list_valuations(path: PortfolioPath, query: ValuationsQuery) -> Response:
    """What a portfolio was worth each day, newest first, as the job `portfolio_valuation` stored it then.

    It values all portfolios once a day, and whenever a schedule or a pipeline asks for it. A stored day stays as it is when prices are
    corrected later; it names the pricing pack and the version of the ledger. `If-None-Match` is honoured.
    """
    ledger = path.ledger(org_id())
    scope = ["valuations", path.portfolio_id]
    after = read_cursor(query.cursor, scope)
    with services().database.reader() as reader:
        service.find(reader, *ledger)
        rows = valuations.list_valuations(reader, ledger, date.fromisoformat(after[0]) if after else None, query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [str(last.day)])
    return tagged({"items": items, "next_cursor": next_cursor})


@blueprint.get("/pricing-packs", responses={200: PacksPage})
def list_pricing_packs(query: PacksQuery) -> Response:
    """The pricing packs of your organization, the newest day first: what performance was computed from.

    A pack is kept for 400 days, and no more than a thousand are.
    """
    scope = ["pricing-packs"]
    after = read_cursor(query.cursor, scope)
    before = (date.fromisoformat(after[0]), after[1]) if after else AFTER_ALL
    with services().database.reader() as reader:
        rows = packs.list_packs(reader, org_id(), before, query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [str(last.day), last.id])
    return json_response({"items": items, "next_cursor": next_cursor})


@blueprint.get("/pricing-packs/<day>", responses={200: PackAnswer}, problems=("not_found",))
def get_pricing_pack(path: PackPath, query: PackQuery) -> Response:
    """A pricing pack with the last value and the digest of each of its lines: the newest of a day, or one by its digest.

    The digest of a line is the SHA-256 of its kind, its name and its head, each with a line feed behind it, and of its days, its values and
    for rates the days that they are of, as numbers of eight bytes.
    """
    with services().database.reader() as reader:
        found = packs.find(reader, org_id(), path.day, query.digest)
    told = {name: getattr(found.pack, name) for name in ("digest", "day", "supersedes", "created_at")}
    return json_response({**told, "lines": found.lines})
