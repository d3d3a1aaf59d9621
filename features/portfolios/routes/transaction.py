"""The transactions of a portfolio."""

from __future__ import annotations

from datetime import date

from flask import Response
from sqlalchemy import Connection

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.idempotency import Answer
from api.marks import needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.repeatable import answer_once
from api.schemas import SubmitHeaders
from api.services import services
from features.portfolios import service
from features.portfolios.routes.portfolio import PORTFOLIOS
from features.portfolios.schemas.portfolio import PortfolioPath
from features.portfolios.schemas.transaction import (
    TransactionAnswer,
    TransactionPath,
    TransactionRequest,
    TransactionsAnswer,
    TransactionsPage,
    TransactionsQuery,
    TransactionsRequest,
    VersionQuery,
    transaction_answer,
)
from infrastructure.audit import note
from models.access import Scope
from utils.api_utils import json_response, tagged
from utils.json_text import dump

blueprint = api_blueprint("portfolio_transactions", PORTFOLIOS)
BOOKING_PROBLEMS = (*BODY_PROBLEMS, "not_found", "conflict", "oversold")


@blueprint.get("/portfolios/<portfolio_id>/transactions", responses={200: TransactionsPage}, problems=("not_found",), sends=("ETag",))
def list_transactions(path: PortfolioPath, query: TransactionsQuery) -> Response:
    """The transactions of a portfolio, newest first. `If-None-Match` is honoured."""
    chosen = query.chosen()
    scope = ["transactions", path.portfolio_id, chosen.ticker, query.type, str(chosen.start), str(chosen.end)]
    position = read_cursor(query.cursor, scope)
    before = (date.fromisoformat(position[0]), position[1]) if position else None
    with services().database.read() as connection:
        rows = service.list_transactions(connection, path.ledger(org_id()), chosen, before, query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.day.isoformat(), last.id])
    return tagged({"items": list(map(transaction_answer, items)), "next_cursor": next_cursor})


@blueprint.post(
    "/portfolios/<portfolio_id>/transactions",
    responses={201: TransactionAnswer},
    problems=(*BOOKING_PROBLEMS, "idempotency_mismatch"),
    sends=("Location", "Idempotent-Replayed"),
)
@needs(Scope.MANAGE)
def add_transaction(header: SubmitHeaders, path: PortfolioPath, body: TransactionRequest) -> Response:
    """Book a transaction.

    More than is held cannot be sold, as of that day and with all that is booked after it. What happened on one day is booked in a fixed
    order: splits, deposits, transfers in, buys, income, costs, sales, transfers out, withdrawals. Cash may become negative.
    """

    def answer(connection: Connection) -> Answer:
        ledger = path.ledger(org_id())
        draft = body.draft(service.find(connection, *ledger).base_currency)
        booked = service.add_transaction(connection, ledger, draft, body.version)
        location = f"/api/v1/portfolios/{path.portfolio_id}/transactions/{booked.id}"
        return Answer(201, location, dump(transaction_answer(booked)).decode())

    return answer_once(header.idempotency_key, answer)


@blueprint.post(
    "/portfolios/<portfolio_id>/transactions/batch",
    responses={201: TransactionsAnswer},
    problems=(*BOOKING_PROBLEMS, "idempotency_mismatch"),
    sends=("Idempotent-Replayed",),
)
@needs(Scope.MANAGE)
def add_transactions(header: SubmitHeaders, path: PortfolioPath, body: TransactionsRequest) -> Response:
    """Book several transactions, all or none. Each fault names its place, as in `items.3.quantity`; the first item is `items.0`."""

    def answer(connection: Connection) -> Answer:
        ledger = path.ledger(org_id())
        base_currency = service.find(connection, *ledger).base_currency
        drafts = [item.draft(base_currency) for item in body.items]
        booked = service.add_transactions(connection, *ledger, drafts, body.version)
        told = {"items": list(map(transaction_answer, booked)), "version": booked[0].since_version}
        return Answer(201, None, dump(told).decode())

    return answer_once(header.idempotency_key, answer)


@blueprint.get("/portfolios/<portfolio_id>/transactions/<transaction_id>", responses={200: TransactionAnswer}, problems=("not_found",))
def get_transaction(path: TransactionPath) -> Response:
    """One transaction as it stands."""
    with services().database.reader() as connection:
        found = service.find_transaction(connection, path.ledger(org_id()), path.transaction_id)
    return json_response(transaction_answer(found))


@blueprint.put("/portfolios/<portfolio_id>/transactions/<transaction_id>", responses={200: TransactionAnswer}, problems=BOOKING_PROBLEMS)
@needs(Scope.MANAGE)
def correct_transaction(path: TransactionPath, body: TransactionRequest) -> Response:
    """Correct a transaction: it says what the body says from now on. What it said before is kept with the versions that it stood for."""
    ledger = path.ledger(org_id())
    with services().database.transaction() as connection:
        draft = body.draft(service.find(connection, *ledger).base_currency)
        former, corrected = service.correct_transaction(connection, ledger, path.transaction_id, draft, body.version)
        note(connection, before=transaction_answer(former), after=transaction_answer(corrected))
    return json_response(transaction_answer(corrected))


@blueprint.delete(
    "/portfolios/<portfolio_id>/transactions/<transaction_id>",
    responses={204: None},
    problems=("not_found", "conflict", "oversold"),
)
@needs(Scope.MANAGE)
def delete_transaction(path: TransactionPath, query: VersionQuery) -> Response:
    """Take a transaction out of the ledger. What a later sale needs stays."""
    with services().database.transaction() as connection:
        former = service.remove_transaction(connection, path.ledger(org_id()), path.transaction_id, query.version)
        note(connection, before=transaction_answer(former))
    return Response(status=204)
