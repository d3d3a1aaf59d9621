"""GET /evidence/{ticker}."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.csv_file import csv_response, wants_csv
from api.flags import require_flag
from api.heavy import hold_slot
from api.schemas import TickerPath
from api.services import services
from features.evidence.evidence_csv import evidence_csv
from features.evidence.flags import EVIDENCE as FLAG
from features.evidence.routes.tags import EVIDENCE
from features.evidence.schemas.evidence import EvidenceAnswer, EvidenceQuery
from features.evidence.service import answer, seek
from features.strategies.service import finder
from utils.api_utils import tagged
from utils.json_text import parse_tolerant

blueprint = api_blueprint("evidence", EVIDENCE)


@blueprint.get(
    "/evidence/<ticker>",
    responses={200: EvidenceAnswer},
    problems=("ticker_not_found", "insufficient_history", "price_quality", "feature_disabled"),
    sends=("ETag", "Content-Disposition"),
)
def get_evidence(path: TickerPath, query: EvidenceQuery) -> Response:
    """How often each verdict of a strategy was right on a ticker, and how the returns after it differ from those of any day.

    Computed from all stored bars, and kept: asked again, it is found. `If-None-Match` is honoured. With `Accept: text/csv` it is a file
    with a row for each horizon and verdict.
    """
    parts = services()
    sought = seek(parts.database, org_id(), query.order(path.ticker, finder(parts.database, org_id())))
    if sought.body is None:
        require_flag(FLAG)
        hold_slot()
    evidence = answer(parts.database, sought, parts.cache)
    if wants_csv():
        response = csv_response(evidence_csv(parse_tolerant(evidence.body)), f"evidence-{path.ticker}-{query.strategy}.csv")
        response = tagged(response, f"{evidence.etag}-csv")
    else:
        response = tagged(evidence.body, evidence.etag)
    response.vary.add("Accept")
    return response
