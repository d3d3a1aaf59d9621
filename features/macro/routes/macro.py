"""Macroeconomic series, and the regime."""

from __future__ import annotations

from flask import Response

from api.authentication import actor_id, org_id
from api.blueprint import Tag, api_blueprint
from api.csv_file import csv_response, wants_csv
from api.flags import require_flag
from api.marks import needs
from api.problem import FILE_PROBLEMS
from api.rate_limit import Budget, budget
from api.services import services
from features.macro import service
from features.macro.flags import MACRO as FLAG
from features.macro.schemas import (
    MacroAnswer,
    MacroFile,
    MacroPage,
    MacroPath,
    RegimeAnswer,
    RegimeQuery,
    UploadQuery,
    ValuesAnswer,
    ValuesQuery,
)
from infrastructure.audit import note
from models.access import Scope
from models.macro import FETCHED
from utils.api_utils import json_response, tagged
from utils.clock import today

MACRO = Tag("Macro", "Macroeconomic series, uploaded or fetched, and the regime that three published rules make.")
blueprint = api_blueprint("macro", MACRO)


@blueprint.get("/macro", responses={200: MacroPage}, sends=("ETag",))
def list_macro() -> Response:
    """All series without their values, and how fetching them stands. `If-None-Match` is honoured."""
    settings = services().settings
    with services().database.read() as connection:
        found = {each.series: each for each in service.list_series(connection, org_id())}
        fetches = service.list_fetches(connection)
    is_configured = settings.fred_url is not None
    fetched = {name: fetches.get(name) for name in settings.fred_series or FETCHED} if is_configured else {}
    items = [{"series": found.get(name), "fetch": fetched.get(name)} for name in sorted({*found, *fetched})]
    return tagged({"items": items, "configured": is_configured, "next_cursor": None})


@blueprint.get("/macro/regime", responses={200: RegimeAnswer}, problems=("ticker_not_found", "price_quality"), sends=("ETag",))
def get_regime(query: RegimeQuery) -> Response:
    """The regime today by three published rules, each with its inputs, days and sources. What is missing is named, and not guessed.

    The yield curve: T10Y3M, else DGS10 less DGS3MO. The Sahm rule: UNRATE. The trend: SP500, or the prices of `index`, against the mean of
    200 closes. Beside the votes, `cycle` names the phase that growth (INDPRO, else UNRATE) and inflation (CPIAUCSL) make, by a rule and
    without a forecast. `If-None-Match` is honoured.
    """
    with services().database.read() as connection:
        regime = service.regime(connection, org_id(), query.index, today())
    return tagged(regime)


@blueprint.get("/macro/<series>", responses={200: ValuesAnswer}, problems=("not_found",), sends=("Content-Disposition",))
def get_macro(path: MacroPath, query: ValuesQuery) -> Response:
    """A series with its values; with `Accept: text/csv` as a file that can be uploaded again. Days without a value are left out."""
    with services().database.read() as connection:
        head, whole = service.find_series(connection, org_id(), path.series)
    shown = whole.between(query.start, query.end)
    if wants_csv():
        response = csv_response(service.csv_of(shown), f"{head.series}.csv")
    else:
        facts = {name: getattr(head, name) for name in ("series", "title", "source", "own", "missing")}
        response = json_response({**facts, "dates": shown.days(), "values": shown.values()})
    response.vary.add("Accept")
    return response


@blueprint.put("/macro/<series>", responses={200: MacroAnswer}, problems=(*FILE_PROBLEMS, "price_quality", "feature_disabled"))
@needs(Scope.MANAGE)
@budget(Budget.UPLOADS)
def upload_macro(path: MacroPath, query: UploadQuery, raw: MacroFile) -> Response:
    """Store a series in place of your own of this name. It hides a shared one, which a provider serves."""
    require_flag(FLAG)
    raw.max_content_length = services().settings.max_upload_bytes
    file = raw.get_data(cache=False)
    with services().database.transaction() as connection:
        former = service.find_own(connection, org_id(), path.series)
        stored = service.upload(connection, org_id(), (path.series, query.title, actor_id()), file)
        note(connection, before=former, after=stored)
    return json_response(stored)


@blueprint.delete("/macro/<series>", responses={204: None}, problems=("not_found", "conflict"))
@needs(Scope.MANAGE)
def delete_macro(path: MacroPath) -> Response:
    """Delete your own series; a shared one of its name shows again."""
    with services().database.transaction() as connection:
        note(connection, before=service.find_own(connection, org_id(), path.series))
        service.delete(connection, org_id(), path.series)
    return Response(status=204)
