"""What an index comes to: levels, members, rebalancings, an amount through time, and something else beside it."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.csv_file import csv_response, wants_csv
from api.heavy import heavy_read
from api.marks import needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.services import services
from features.indexes import service, valuing
from features.indexes.index_csv import allocations_csv, ledger_csv, levels_csv
from features.indexes.routes.tags import INDEXES
from features.indexes.schemas.answers import (
    AllocationsAnswer,
    AllocationsQuery,
    IndexCompareQuery,
    IndexComparisonAnswer,
    IndexPath,
    LevelsAnswer,
    LevelsQuery,
    RebalancesPage,
    RebalancesQuery,
    SimulateRequest,
    SimulationAnswer,
)
from models.access import Scope
from models.index import IndexVariant
from utils.api_utils import json_response, tagged

blueprint = api_blueprint("index_values", INDEXES)
LAST_NUMBER = 1_000_000_000


@blueprint.get("/indexes/<index_id>/values", responses={200: LevelsAnswer}, problems=("not_found",), sends=("ETag", "Content-Disposition"))
def get_index_values(path: IndexPath, query: LevelsQuery) -> Response:
    """The published levels by day, without distributions or with them. `If-None-Match` is honoured.

    A level is the value of the quantities over the divisor, which keeps it continuous when they change. With `Accept: text/csv` they are
    sent as a file.
    """
    with services().database.reader() as connection:
        index, levels, digest = service.find_levels(connection, org_id(), path.index_id, query.revision)
        currency = service.currency_of(connection, org_id(), index)
    shown = levels.between(query.start, query.end)
    revision = query.revision or index.revision
    tag = f"{digest[:24]}-{revision}-{query.variant}-{query.start}-{query.end}-{index.version}-{index.name.encode().hex()}-{currency}"
    if wants_csv():
        response = tagged(csv_response(levels_csv(shown, query.variant), f"index-{index.id}-{query.variant}.csv"), f"{tag}-csv")
    else:
        values = zip(shown.days.tolist(), shown.of(query.variant).tolist(), strict=True)
        told = {
            "index_id": index.id,
            "name": index.name,
            "variant": query.variant,
            "revision": revision,
            "currency": currency,
            "base": index.rules.base,
            "items": [{"day": day, "value": value} for day, value in values],
            "next_cursor": None,
        }
        response = tagged(json_response(told), tag)
    response.vary.add("Accept")
    return response


@blueprint.get(
    "/indexes/<index_id>/allocations",
    responses={200: AllocationsAnswer},
    problems=("not_found", "insufficient_history", "price_quality", "index_invalid", "rate_not_found"),
    sends=("Content-Disposition",),
)
@heavy_read()
def get_index_allocations(path: IndexPath, query: AllocationsQuery) -> Response:
    """The members at the close of a day: weights at the last rebalancing, what closes have made of them, and quantities.

    With `Accept: text/csv` they are sent as a file.
    """
    found = valuing.allocations(services().database, org_id(), path.index_id, query.day, query.revision)
    if wants_csv():
        response = csv_response(allocations_csv(found), f"index-{path.index_id}-members.csv")
    else:
        response = json_response({**vars(found), "next_cursor": None})
    response.vary.add("Accept")
    return response


@blueprint.get("/indexes/<index_id>/rebalances", responses={200: RebalancesPage}, problems=("not_found",), sends=("Content-Disposition",))
def list_index_rebalances(path: IndexPath, query: RebalancesQuery) -> Response:
    """The ledger of rebalancings, newest first: by which closes, when, why, weights before and after, turnover and cost.

    Lines are only added; a correction of prices makes another revision. With `Accept: text/csv` a page of it is sent as a file.
    """
    with services().database.reader() as connection:
        index, _, _ = service.find_levels(connection, org_id(), path.index_id, query.revision)
        revision = query.revision or index.revision
        scope = ["index-rebalances", index.id, revision]
        before = (read_cursor(query.cursor, scope) or [LAST_NUMBER])[0]
        rows = service.list_ledger(connection, (org_id(), index.id, revision), before, query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.number])
    if wants_csv():
        response = csv_response(ledger_csv(items), f"index-{index.id}-rebalancings.csv")
    else:
        told = {"revision": revision, "next_reference_day": index.next_reference_day, "items": items, "next_cursor": next_cursor}
        response = json_response(told)
    response.vary.add("Accept")
    return response


@blueprint.post(
    "/indexes/<index_id>/simulate",
    responses={200: SimulationAnswer},
    problems=(*BODY_PROBLEMS, "not_found", "insufficient_history", "index_invalid", "rate_not_found"),
)
@needs(Scope.READ)
def simulate_index(path: IndexPath, body: SimulateRequest) -> Response:
    """What an amount would have become in the index since a day; by default with distributions, and less what trades cost.

    Everything is bought at the close of the first day, at the cost of the rules (`cost_bp`); each rebalancing costs what its line of the
    ledger says. The numbers and the gain are since the amount.
    """
    order = valuing.Simulation(body.amount, body.start, body.currency, body.variant, body.costs)
    with services().database.reader() as connection:
        found = valuing.simulate(connection, org_id(), path.index_id, order)
    days, values = found.days.tolist(), found.values.tolist()
    return json_response(
        {
            "amount": body.amount,
            "currency": found.currency,
            "variant": body.variant,
            "first_day": days[0],
            "last_day": days[-1],
            "value": values[-1],
            "gain": values[-1] - body.amount,
            "costs": found.costs,
            "metrics": found.metrics,
            "items": [{"day": day, "value": value} for day, value in zip(days, values, strict=True)],
            "notes": found.notes,
            "next_cursor": None,
        }
    )


@blueprint.get(
    "/indexes/<index_id>/compare",
    responses={200: IndexComparisonAnswer},
    problems=("not_found", "ticker_not_found", "line_not_found", "insufficient_history", "price_quality"),
    sends=("ETag",),
)
@heavy_read()
def compare_index(path: IndexPath, query: IndexCompareQuery) -> Response:
    """An index beside a ticker, another index or a portfolio on common days: the numbers of each, and against each other.

    `If-None-Match` is honoured.
    """
    order = valuing.Comparison(query.other, query.variant, query.start, query.end)
    parts = services()
    with parts.database.reader() as connection:
        found = valuing.compare(connection, org_id(), path.index_id, order, parts.foundation.lines)
    return tagged(_comparison(found, query))


def _comparison(found: valuing.Compared, query: IndexCompareQuery) -> dict[str, Any]:
    days, line, index = found.days.tolist(), found.line, found.index
    currencies = {found.currency, line.currency} - {None}
    counts = "with distributions" if query.variant is IndexVariant.TOTAL else "without distributions"
    other_counts = "with distributions" if line.adjusted else "by closes as they are stored, without distributions unless these are told of"
    notes = [f"The index counts {counts}, the other {other_counts}."]
    notes += [f"The one is in {found.currency}, the other in {line.currency}; nothing is converted."] if len(currencies) > 1 else []
    own = {"reference": index.id, "kind": "index", "name": index.name, "currency": found.currency}
    other = {name: getattr(line, name) for name in ("reference", "kind", "name", "currency", "adjusted")}
    series = None
    if query.series:
        series = {"days": days, "index": (found.own / found.own[0]).tolist(), "other": (found.other / found.other[0]).tolist()}
    return {
        "first_day": days[0],
        "last_day": days[-1],
        "days": len(days) - 1,
        "rate": query.rate,
        "index": {**own, "adjusted": query.variant is IndexVariant.TOTAL, "metrics": valuing.numbers(found.own, query.rate)},
        "other": {**other, "metrics": valuing.numbers(found.other, query.rate)},
        "beside": valuing.numbers_beside(found.own, found.other, query.rate),
        "notes": notes,
        "series": series,
    }
