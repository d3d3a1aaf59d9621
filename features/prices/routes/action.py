"""The corporate actions of a ticker, and the bases of its series, for those who know better than its source tells."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.marks import needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.schemas import LongPageQuery, TickerPath
from api.services import services
from features.prices.actions import ListedAction, declare_bases, delete_action, find_action, read_footing, record_action
from features.prices.routes.tags import PRICES
from features.prices.schemas.action import ActionAnswer, ActionPage, ActionPath, ActionRequest, BasesRequest, FootingAnswer
from models.access import Scope
from utils.api_utils import json_response

blueprint = api_blueprint("price_action", PRICES)


@blueprint.get("/prices/<ticker>/actions", responses={200: ActionPage}, problems=("ticker_not_found", "price_quality"))
def list_actions(path: TickerPath, query: LongPageQuery) -> Response:
    """Splits and distributions, oldest first: as you told them, as sources report them, and as merging files found them."""
    scope = ["actions", path.ticker]
    after = read_cursor(query.cursor, scope)
    footing = read_footing(services().database, org_id(), path.ticker)
    rows = [row for row in footing.actions if after is None or _position(row) > after]
    items, next_cursor = page(rows, query.limit, scope, _position)
    bases = {"price_basis": footing.price_basis, "volume_basis": footing.volume_basis}
    return json_response({"items": items, "next_cursor": next_cursor, **bases})


@blueprint.post(
    "/prices/<ticker>/actions",
    responses={201: ActionAnswer},
    problems=(*BODY_PROBLEMS, "ticker_not_found", "conflict", "price_quality"),
    sends=("Location",),
)
@needs(Scope.MANAGE)
def add_action(path: TickerPath, body: ActionRequest) -> Response:
    """Tell of a split, a dividend or a capital gain. `applied_to` answers whether the stored prices need it."""
    listed = record_action(services().database, org_id(), path.ticker, body.told)
    return json_response(listed, 201, {"Location": f"/api/v1/prices/{quote(path.ticker, safe='')}/actions/{listed.id}"})


@blueprint.get(
    "/prices/<ticker>/actions/<action_id>", responses={200: ActionAnswer}, problems=("ticker_not_found", "not_found", "price_quality")
)
def get_action(path: ActionPath) -> Response:
    """One split or distribution."""
    return json_response(find_action(services().database, org_id(), path.ticker, path.action_id))


@blueprint.delete(
    "/prices/<ticker>/actions/<action_id>", responses={204: None}, problems=("ticker_not_found", "not_found", "conflict", "price_quality")
)
@needs(Scope.MANAGE)
def remove_action(path: ActionPath) -> Response:
    """Remove an action that is wrong. What a provider reports of prices that all share stays."""
    delete_action(services().database, org_id(), path.ticker, path.action_id)
    return Response(status=204)


@blueprint.put(
    "/prices/<ticker>/bases", responses={200: FootingAnswer}, problems=(*BODY_PROBLEMS, "ticker_not_found", "conflict", "price_quality")
)
@needs(Scope.MANAGE)
def set_bases(path: TickerPath, body: BasesRequest) -> Response:
    """Say whether the prices and volumes of your series are as traded or restated for later splits."""
    return json_response(declare_bases(services().database, org_id(), path.ticker, body.price_basis, body.volume_basis))


def _position(listed: ListedAction) -> list[str]:
    return [str(listed.effective_day), listed.kind, listed.source]
