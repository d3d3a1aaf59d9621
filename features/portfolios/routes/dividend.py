"""Dividends: proposed by corporate actions, booked by whoever confirms them."""

from __future__ import annotations

from flask import Response
from sqlalchemy import Connection

from api.authentication import actor_id, org_id
from api.blueprint import api_blueprint
from api.idempotency import Answer
from api.marks import needs
from api.problem import BODY_PROBLEMS
from api.repeatable import answer_once
from api.schemas import SubmitHeaders
from api.services import services
from features.portfolios import service
from features.portfolios.routes.paged import paged
from features.portfolios.routes.portfolio import PORTFOLIOS
from features.portfolios.schemas.dividend import ConfirmDividendsRequest, DismissDividendsRequest, DividendsPage, DividendsQuery
from features.portfolios.schemas.portfolio import PortfolioPath
from features.portfolios.schemas.transaction import TransactionsAnswer, transaction_answer
from models.access import Scope
from utils.api_utils import json_response
from utils.json_text import dump

blueprint = api_blueprint("portfolio_dividends", PORTFOLIOS)


@blueprint.get("/portfolios/<portfolio_id>/dividends", responses={200: DividendsPage}, problems=("not_found",))
def list_dividends(path: PortfolioPath, query: DividendsQuery) -> Response:
    """What companies paid on what a portfolio held, newest first, and whether it is booked. Nothing is booked by itself."""
    with services().database.read() as connection:
        portfolio, found = service.proposed_dividends(connection, path.ledger(org_id()))
    chosen = [each for each in found if query.state in (None, each.state) and query.ticker in (None, each.ticker)]
    return json_response(paged(chosen, portfolio, query, ["dividends", query.state, query.ticker]))


@blueprint.post(
    "/portfolios/<portfolio_id>/dividends",
    responses={201: TransactionsAnswer},
    problems=(*BODY_PROBLEMS, "not_found", "conflict", "idempotency_mismatch"),
    sends=("Idempotent-Replayed",),
)
@needs(Scope.MANAGE)
def confirm_dividends(header: SubmitHeaders, path: PortfolioPath, body: ConfirmDividendsRequest) -> Response:
    """Book proposed dividends, all or none, as they were proposed or as the request says. A payment is booked once."""

    def answer(connection: Connection) -> Answer:
        confirmations = [item.confirmation() for item in body.items]
        booked = service.confirm_dividends(connection, path.ledger(org_id()), confirmations, body.version, actor_id())
        told = {"items": list(map(transaction_answer, booked)), "version": booked[0].since_version}
        return Answer(201, None, dump(told).decode())

    return answer_once(header.idempotency_key, answer)


@blueprint.post(
    "/portfolios/<portfolio_id>/dividends/dismissals", responses={204: None}, problems=(*BODY_PROBLEMS, "not_found", "conflict")
)
@needs(Scope.MANAGE)
def dismiss_dividends(path: PortfolioPath, body: DismissDividendsRequest) -> Response:
    """Leave proposed dividends out, as those that were never paid. They can still be confirmed."""
    with services().database.transaction() as connection:
        service.dismiss_dividends(connection, path.ledger(org_id()), body.keys, actor_id())
    return Response(status=204)
