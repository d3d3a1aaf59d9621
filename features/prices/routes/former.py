"""Restoring prices that were deleted or replaced."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import REPLACES_DATA, api_blueprint
from api.marks import needs
from api.paging import page, read_cursor
from api.schemas import PageQuery, TickerPath
from api.services import services
from features.prices.former import list_former, restore_prices
from features.prices.routes.tags import PRICES
from features.prices.schemas.price import FormerPricesPage, QualityAnswer
from features.prices.service import check_quality
from models.access import Scope
from utils.api_utils import json_response

blueprint = api_blueprint("former_price", PRICES)


@blueprint.post(
    "/prices/<ticker>/restore", responses={200: QualityAnswer}, problems=("not_found", "price_quality"), openapi_extensions=REPLACES_DATA
)
@needs(Scope.MANAGE)
def restore_former_prices(path: TickerPath) -> Response:
    """Put back what the last upload replaced, or what was deleted, with its bases, splits and dividends. Restoring again undoes it."""
    restore_prices(services().database, org_id(), path.ticker)
    return json_response(check_quality(services().database, org_id(), path.ticker))


@blueprint.get("/former-prices", responses={200: FormerPricesPage})
def list_former_prices(query: PageQuery) -> Response:
    """The prices that can be restored, by ticker: what uploads replaced and what was deleted in the last 7 days."""
    scope = ["former-prices"]
    after = read_cursor(query.cursor, scope)
    with services().database.read() as connection:
        rows = list_former(connection, org_id(), after[0] if after else "", query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.ticker])
    return json_response({"items": items, "next_cursor": next_cursor})
