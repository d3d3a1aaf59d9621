"""Exchange rates: what is stored, the rates of a pair, and files of them."""

from __future__ import annotations

from typing import Any

from flask import Response
from sqlalchemy import Connection

from api.authentication import actor_id, org_id
from api.blueprint import REPLACES_DATA, Tag, api_blueprint
from api.csv_file import csv_response, wants_csv
from api.flags import require_flag
from api.idempotency import Answer
from api.marks import needs
from api.problem import FILE_PROBLEMS
from api.rate_limit import Budget, budget
from api.repeatable import answer_once
from api.schemas import SubmitHeaders
from api.services import services
from features.currencies import service
from features.currencies.flags import CURRENCIES as FLAG
from features.currencies.rate_line import carried_until
from features.currencies.schemas import (
    FxFile,
    FxPage,
    FxRatesAnswer,
    FxUploadAnswer,
    FxUploadQuery,
    PairPath,
    RatesQuery,
    rates_answer,
)
from infrastructure.audit import note
from models.access import Scope
from utils.api_utils import json_response, tagged
from utils.clock import today
from utils.json_text import dump

CURRENCIES = Tag("Currencies", "Exchange rates against the euro, uploaded or fetched, and those between any two currencies.")
blueprint = api_blueprint("currencies", CURRENCIES)


@blueprint.get("/fx-rates", responses={200: FxPage}, sends=("ETag",))
def list_fx_rates() -> Response:
    """All currencies with rates against the euro, without the rates, and how fetching them stands. `If-None-Match` is honoured.

    Your own rates of a currency hide those that all share.
    """
    is_configured = services().settings.fx_rates_url is not None
    with services().database.read() as connection:
        found = service.list_series(connection, org_id())
        fetch = service.find_fetch(connection) if is_configured else None
    day = today()
    items = [{"series": each, "age_days": (day - each.last_day).days, "carried_until": carried_until(each)} for each in found]
    return tagged({"items": items, "configured": is_configured, "fetch": fetch, "next_cursor": None})


@blueprint.get("/fx-rates/<pair>", responses={200: FxRatesAnswer}, problems=("rate_not_found",), sends=("ETag", "Content-Disposition"))
def get_fx_rates(path: PairPath, query: RatesQuery) -> Response:
    """The rates of a pair by day, crossed over the euro; with `Accept: text/csv` as a file. `If-None-Match` is honoured.

    Pence and their like are units of their currency: GBpUSD is a hundredth of GBPUSD.
    """
    with services().database.read() as connection:
        line = service.rates_between(connection, org_id(), path.base, path.quote)
    if wants_csv():
        response = tagged(csv_response(service.csv_of(line, query.start, query.end), f"{path.pair}.csv"), f"{line.digest[:32]}-csv")
    else:
        response = tagged(rates_answer(line, query))
    response.vary.add("Accept")
    return response


@blueprint.post(
    "/fx-rates",
    responses={200: FxUploadAnswer},
    problems=(*FILE_PROBLEMS, "conflict", "price_quality", "idempotency_mismatch", "feature_disabled"),
    sends=("Idempotent-Replayed",),
    openapi_extensions=REPLACES_DATA,
)
@needs(Scope.MANAGE)
@budget(Budget.UPLOADS)
def upload_fx_rates(header: SubmitHeaders, query: FxUploadQuery, raw: FxFile) -> Response:
    """Add the rates of a file to your own. On a day that is there already, the file counts; the same file again changes nothing.

    The ECB's own files are read as they are, and rows of DATE, BASE, QUOTE and RATE. Your own rates of a currency hide the shared ones,
    also on days that you have none of. With `dry_run` nothing is stored.
    """
    require_flag(FLAG)
    raw.max_content_length = services().settings.max_upload_bytes
    file = raw.get_data()
    organization, sender = org_id(), actor_id()
    if query.dry_run:
        with services().database.read() as connection:
            return json_response(service.preview(connection, organization, file, sender))

    def answer(connection: Connection) -> Answer:
        before = _own(connection, organization)
        stored = service.upload(connection, organization, file, sender)
        note(connection, before=before or None, after=_own(connection, organization))
        return Answer(200, None, dump(stored).decode())

    return answer_once(header.idempotency_key, answer)


@blueprint.delete("/fx-rates/<pair>", responses={204: None}, problems=("rate_not_found", "conflict"))
@needs(Scope.MANAGE)
def delete_fx_rates(path: PairPath) -> Response:
    """Delete your own rates of a currency, as USD or EURUSD; the shared ones show again."""
    with services().database.transaction() as connection:
        note(connection, before=service.find_own(connection, org_id(), path.currency))
        service.delete(connection, org_id(), path.currency)
    return Response(status=204)


def _own(connection: Connection, organization: int) -> dict[str, Any]:
    """What the audit log tells of an organization's own rates, by currency."""
    own = (each for each in service.list_series(connection, organization) if each.own)
    return {each.currency: {"rates": each.rates, "last_day": each.last_day, "last_rate": each.last_rate} for each in own}
