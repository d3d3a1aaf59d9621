"""The verdicts of all strategies."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.rate_limit import Budget, budget
from api.schemas import TickerPath
from api.services import services
from features.analyses.routes.tags import ANALYSIS
from features.analyses.schemas.verdict import VerdictsAnswer
from features.analyses.verdicts import compute_verdicts
from utils.api_utils import tagged

blueprint = api_blueprint("verdict", ANALYSIS)


@blueprint.get(
    "/verdicts/<ticker>",
    responses={200: VerdictsAnswer},
    problems=("ticker_not_found", "insufficient_history", "price_quality"),
    sends=("ETag",),
)
@budget(Budget.ANALYSES)
def get_verdicts(path: TickerPath) -> Response:
    """What each strategy says of a ticker's stored prices, side by side. Nothing is stored. `If-None-Match` is honoured."""
    found = compute_verdicts(services().database, org_id(), path.ticker)
    fields = {"ticker": found.ticker, "as_of": found.as_of, "close": found.close, "items": found.items}
    return tagged(fields, found.tag)
