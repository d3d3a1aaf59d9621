"""Portfolios: what an organization owns, how it is booked, and in which currency."""

from __future__ import annotations

from flask import Response
from sqlalchemy import Connection

from api.authentication import org_id
from api.blueprint import Tag, api_blueprint
from api.idempotency import Answer
from api.marks import needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.repeatable import answer_once
from api.schemas import LongPageQuery, SubmitHeaders
from api.services import services
from features.portfolios import service, valuations
from features.portfolios.schemas.portfolio import (
    NewPortfolioRequest,
    PortfolioAnswer,
    PortfolioChangeRequest,
    PortfolioPath,
    PortfoliosPage,
)
from infrastructure.audit import note
from models.access import Scope
from utils.api_utils import json_response, tagged
from utils.json_text import dump

PORTFOLIOS = Tag("Portfolios", "What is owned: transactions, holdings with their verdicts, and what came of them.")
blueprint = api_blueprint("portfolios", PORTFOLIOS)


@blueprint.get("/portfolios", responses={200: PortfoliosPage}, sends=("ETag",))
def list_portfolios(query: LongPageQuery) -> Response:
    """All portfolios by name, with the number of their transactions and holdings, and what they were last worth.

    `valuation` is the newest day that is stored of a portfolio, and null before the first one. It is of the transactions at its
    `ledger_version`, which lies below `version` where more were booked since. `If-None-Match` is honoured.
    """
    scope = ["portfolios"]
    after = read_cursor(query.cursor, scope)
    with services().database.reader() as connection:
        portfolios = service.list_portfolios(connection, org_id(), after[0] if after else "", query.limit + 1)
        rows = valuations.with_newest(connection, org_id(), portfolios)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [service.name_key(last.name)])
    return tagged({"items": items, "next_cursor": next_cursor})


@blueprint.post(
    "/portfolios",
    responses={201: PortfolioAnswer},
    problems=(*BODY_PROBLEMS, "conflict", "idempotency_mismatch"),
    sends=("Location", "Idempotent-Replayed"),
)
@needs(Scope.MANAGE)
def create_portfolio(header: SubmitHeaders, body: NewPortfolioRequest) -> Response:
    """Make an empty portfolio. There may be two hundred."""

    def answer(connection: Connection) -> Answer:
        service.require_benchmark(connection, services().foundation.lines, service.Ledger(org_id(), ""), body.benchmark)
        made = service.create(connection, org_id(), body.terms())
        return Answer(201, f"/api/v1/portfolios/{made.id}", dump(made).decode())

    return answer_once(header.idempotency_key, answer)


@blueprint.get("/portfolios/<portfolio_id>", responses={200: PortfolioAnswer}, problems=("not_found",))
def get_portfolio(path: PortfolioPath) -> Response:
    """One portfolio, without its transactions. Its `version` grows with each change of it or of them."""
    with services().database.reader() as connection:
        return json_response(service.find(connection, org_id(), path.portfolio_id))


@blueprint.patch("/portfolios/<portfolio_id>", responses={200: PortfolioAnswer}, problems=(*BODY_PROBLEMS, "not_found", "conflict"))
@needs(Scope.MANAGE)
def change_portfolio(path: PortfolioPath, body: PortfolioChangeRequest) -> Response:
    """Change the name of a portfolio, its base currency, its benchmark or its method. What the body does not name stays."""
    ledger = path.ledger(org_id())
    with services().database.transaction() as connection:
        former = service.find(connection, *ledger)
        if body.benchmark != former.benchmark:
            service.require_benchmark(connection, services().foundation.lines, ledger, body.benchmark)
        changed = service.change(connection, ledger, body.changes())
        note(connection, before=former, after=changed)
    return json_response(changed)


@blueprint.delete("/portfolios/<portfolio_id>", responses={204: None}, problems=("not_found",))
@needs(Scope.MANAGE)
def delete_portfolio(path: PortfolioPath) -> Response:
    """Delete a portfolio with its transactions. Prices and results are not affected."""
    with services().database.transaction() as connection:
        note(connection, before=service.delete(connection, path.ledger(org_id())))
    return Response(status=204)
