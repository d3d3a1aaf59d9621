"""Files of transactions: import from brokers and programs, export, and the tickers of securities."""

from __future__ import annotations

from flask import Response
from sqlalchemy import Connection

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.csv_file import csv_response
from api.heavy import heavy_read, hold_slot
from api.idempotency import Answer
from api.marks import needs
from api.problem import BODY_PROBLEMS, FILE_PROBLEMS
from api.rate_limit import Budget, budget
from api.repeatable import answer_once
from api.schemas import CSV, SubmitHeaders
from api.services import services
from features.portfolios import service, symbols
from features.portfolios.files.own import export_csv
from features.portfolios.routes.portfolio import PORTFOLIOS
from features.portfolios.schemas.portfolio import PortfolioPath
from features.portfolios.schemas.statement import (
    StatementFile,
    StatementImportAnswer,
    StatementQuery,
    SymbolsAnswer,
    SymbolsRequest,
    import_answer,
)
from features.portfolios.statement_import import import_statement, read_file, try_import
from infrastructure.audit import note
from models.access import Scope
from utils.api_utils import json_response
from utils.json_text import dump

blueprint = api_blueprint("portfolio_statements", PORTFOLIOS)
CSV_ANSWER = {200: {"description": "The transactions, oldest first.", "content": {CSV: {"schema": {"type": "string"}}}}}
LARGE_FILE = 500_000  # bytes: some 5,000 lines


@blueprint.post(
    "/portfolios/<portfolio_id>/transactions/import",
    responses={200: StatementImportAnswer, 201: StatementImportAnswer},
    problems=(*FILE_PROBLEMS, "not_found", "conflict", "statement_refused", "ambiguous_dates", "idempotency_mismatch"),
    sends=("Idempotent-Replayed",),
)
@needs(Scope.MANAGE)
@budget(Budget.UPLOADS)
def import_transactions(header: SubmitHeaders, path: PortfolioPath, query: StatementQuery, raw: StatementFile) -> Response:
    """Import a file of transactions, all or nothing: a table with a header, or an export of a broker or program.

    Known are Ghostfolio, Portfolio Performance, Interactive Brokers (activity statements and Flex queries), Degiro, Trade Republic, and the
    file that the export of transactions gives. Other tables are read by the names of their columns. What is booked already is left out. A
    dry run answers 200 with what would be added; an import answers 201, or 200 where it added nothing, or 422 with line and column of each
    fault.
    """
    raw.max_content_length = services().settings.max_import_bytes
    body = raw.get_data()
    if len(body) > LARGE_FILE:
        hold_slot()
    wishes, ledger = query.wishes(), path.ledger(org_id())
    statement = read_file(body, wishes)
    if query.dry_run:
        return json_response(import_answer(try_import(services().database, ledger, statement, wishes)))

    def answer(connection: Connection) -> Answer:
        report = import_statement(connection, ledger, statement, wishes)
        note(connection, after={"format": str(report.reading.format), "added": len(report.added), "duplicates": len(report.duplicates)})
        return Answer(201 if report.added else 200, None, dump(import_answer(report)).decode())

    return answer_once(header.idempotency_key, answer)


@blueprint.get(
    "/portfolios/<portfolio_id>/transactions/export",
    responses=CSV_ANSWER,
    problems=("not_found",),
    sends=("Content-Disposition",),
)
@heavy_read()
def export_transactions(path: PortfolioPath) -> Response:
    """The transactions of a portfolio as a CSV file, which imports back to the same ones."""
    with services().database.read() as connection:
        portfolio, transactions = service.read_ledger(connection, *path.ledger(org_id()))
    return csv_response(export_csv(transactions), f"bellwether-transactions-{portfolio.id}.csv")


@blueprint.get("/portfolio-symbols", responses={200: SymbolsAnswer})
def list_portfolio_symbols() -> Response:
    """The tickers of securities as files of transactions name them: what was told with imports, or changed here."""
    with services().database.reader() as connection:
        found = symbols.list_symbols(connection, org_id())
    return json_response({"symbols": found})


@blueprint.patch("/portfolio-symbols", responses={200: SymbolsAnswer}, problems=(*BODY_PROBLEMS, "conflict"))
@needs(Scope.MANAGE)
def change_portfolio_symbols(body: SymbolsRequest) -> Response:
    """Tell the tickers of securities, or forget them, for later imports of the organization."""
    with services().database.transaction() as connection:
        before = symbols.list_symbols(connection, org_id())
        after = symbols.remember(connection, org_id(), body.symbols)
        note(connection, before={"symbols": before}, after={"symbols": after})
    return json_response({"symbols": after})
