"""Excel reports of stored results and prices."""

from __future__ import annotations

from os import SEEK_END

from flask import Response, request

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.client_gone import client_check
from api.flags import require_flag
from api.heavy import heavy_read
from api.schemas import JobPath, LinePath, TickerPath
from api.services import services
from api.validation import BINARY
from features.evidence import service as evidence
from features.evidence.schemas.backtest import BacktestPath
from features.evidence.schemas.evidence import EvidenceQuery
from features.evidence.schemas.universe import UniverseEvidenceQuery
from features.indexes.schemas.answers import IndexPath
from features.indexes.service import currency_of, find_levels, whole_ledger
from features.indexes.valuing import allocations, numbers
from features.portfolios.measuring import Measuring
from features.portfolios.schemas.portfolio import PortfolioPath
from features.portfolios.service import BookKeeper
from features.reports.backtest_report import backtest_report
from features.reports.evidence_report import evidence_report
from features.reports.index_report import IndexReport, index_report
from features.reports.job_report import job_report
from features.reports.portfolio_report import portfolio_contents, portfolio_report
from features.reports.results_report import results_report
from features.reports.risk_report import risk_report
from features.reports.routes.tags import REPORTS
from features.reports.schemas.direct import XLSX, XLSX_ANSWER, ReportQuery, ResultsReportQuery
from features.reports.ticker_report import ReportSubject, ticker_report
from features.reports.universe_evidence_report import universe_evidence_report
from features.reports.workbook import WorkbookFile
from features.risk.schemas import RiskReportQuery
from features.risk.service import hold, risk_of
from features.strategies.service import finder, known_finder, require_known
from models.evidence_errors import EvidencePending
from utils.api_utils import PIECE_BYTES
from utils.json_text import parse_tolerant

blueprint = api_blueprint("report", REPORTS)


@blueprint.get(
    "/reports/analysis/<ticker>.xlsx",
    responses=XLSX_ANSWER,
    problems=("ticker_not_found", "not_found", "price_quality"),
    sends=("Content-Disposition",),
)
@heavy_read()
def get_ticker_report(path: TickerPath, query: ReportQuery) -> Response:
    """The latest stored result of a ticker by a strategy, explained, with a chart of its prices and its history of results.

    Without a period, the prices are the newest 250 days and the history is whole; with a period, both cover it. Nothing is analysed.
    """
    subject, database = ReportSubject(path.ticker, query.strategy, query.start, query.end), services().database
    with database.reader() as connection:
        require_known(connection, org_id(), subject.strategy)
    return _attachment(ticker_report(database, org_id(), subject, client_check()))


@blueprint.get("/reports/jobs/<job_id>.xlsx", responses=XLSX_ANSWER, problems=("job_not_found",), sends=("Content-Disposition",))
@heavy_read()
def get_job_report(path: JobPath) -> Response:
    """A job's verdicts, with positions by its sizing, its failures and its parameters; of an active job, the finished items."""
    return _attachment(job_report(services().database, org_id(), path.job_id, client_check()))


@blueprint.get("/reports/results.xlsx", responses=XLSX_ANSWER, problems=("universe_not_found",), sends=("Content-Disposition",))
@heavy_read()
def get_results_report(query: ResultsReportQuery) -> Response:
    """All latest results of each ticker and strategy, filtered and sorted like `GET /results`."""
    database, wanted = services().database, query.filter()
    with database.reader() as connection:
        require_known(connection, org_id(), wanted.strategy)
    return _attachment(results_report(database, org_id(), wanted, services().universes, client_check()))


@blueprint.get(
    "/reports/evidence/<ticker>.xlsx",
    responses=XLSX_ANSWER,
    problems=("ticker_not_found", "insufficient_history", "price_quality", "feature_disabled"),
    sends=("Content-Disposition",),
)
@heavy_read()
def get_evidence_report(path: TickerPath, query: EvidenceQuery) -> Response:
    """The record of a ticker's verdicts by a strategy, its halves, the fan of returns, and what each number means."""
    parts = services()
    sought = evidence.seek(parts.database, org_id(), query.order(path.ticker, finder(parts.database, org_id())))
    if sought.body is None:
        require_flag(evidence.EVIDENCE)
    found = evidence.answer(parts.database, sought, parts.cache)
    return _attachment(evidence_report(parse_tolerant(found.body), client_check()))


@blueprint.get(
    "/reports/risk/<reference>.xlsx",
    responses=XLSX_ANSWER,
    problems=("ticker_not_found", "line_not_found", "insufficient_history", "price_quality"),
    sends=("Content-Disposition",),
)
@heavy_read()
def get_risk_report(path: LinePath, query: RiskReportQuery) -> Response:
    """The risk of a ticker, a portfolio or an index: numbers with their definitions, months and falls, and the lines by day."""
    held = hold(services().foundation, org_id(), query.order(path.reference))
    return _attachment(risk_report(risk_of(held, with_series=True), client_check()))


@blueprint.get(
    "/reports/index/<index_id>.xlsx",
    responses=XLSX_ANSWER,
    problems=("not_found", "insufficient_history", "price_quality", "index_invalid", "rate_not_found"),
    sends=("Content-Disposition",),
)
@heavy_read()
def get_index_report(path: IndexPath) -> Response:
    """An index as it is published: its rules and numbers, members, rebalancings with all weights, and levels by day."""
    database = services().database
    members = allocations(database, org_id(), path.index_id, None)
    with database.reader() as connection:
        index, levels, _ = find_levels(connection, org_id(), path.index_id)
        currency = currency_of(connection, org_id(), index)
        ledger = whole_ledger(connection, org_id(), index)
    shown = [(i.ticker, i.name, i.sector, i.target, i.weight, i.drift, i.quantity, i.close) for i in members.items]
    lines = (levels.days.tolist(), levels.price.tolist(), levels.total.tolist())
    report = IndexReport(index, currency, numbers(levels.total), members.day, shown, ledger, lines)
    return _attachment(index_report(report, client_check()))


@blueprint.get(
    "/reports/portfolio/<portfolio_id>.xlsx", responses=XLSX_ANSWER, problems=("not_found", "price_quality"), sends=("Content-Disposition",)
)
@heavy_read()
def get_portfolio_report(path: PortfolioPath) -> Response:
    """A portfolio: its holdings and lots, what was realised, its income and cash, how it did, and all transactions."""
    parts = services()
    keeper, measuring = parts.foundation.part(BookKeeper.of), parts.foundation.part(Measuring.of)
    contents = portfolio_contents(parts.database, keeper, measuring, path.ledger(org_id()))
    return _attachment(portfolio_report(contents, client_check()))


@blueprint.get(
    "/reports/evidence.xlsx",
    responses=XLSX_ANSWER,
    problems=("evidence_not_found", "universe_not_found"),
    sends=("Content-Disposition",),
)
@heavy_read()
def get_universe_evidence_report(query: UniverseEvidenceQuery) -> Response:
    """The evidence of a strategy over a universe, as GET /evidence has it: by tenths of the score, by verdict, in words."""
    parts = services()
    found = evidence.find_universe(
        evidence.Reading(parts.database, org_id()), query.wanted(known_finder(parts.database, org_id())), parts.universes
    )
    if found.body is None:
        assert found.job is not None
        raise EvidencePending(found.job.id)
    return _attachment(universe_evidence_report(parse_tolerant(found.body), client_check()))


@blueprint.get(
    "/reports/backtests/<backtest_id>.xlsx", responses=XLSX_ANSWER, problems=("not_found", "conflict"), sends=("Content-Disposition",)
)
@heavy_read()
def get_backtest_report(path: BacktestPath) -> Response:
    """A stored backtest: its numbers beside those of buy-and-hold, its trades and equity, and what it assumes."""
    found = evidence.find_backtest(services().database, org_id(), path.backtest_id)
    return _attachment(backtest_report(parse_tolerant(found.body), client_check()))


def _attachment(file: WorkbookFile) -> Response:
    """A response that streams the workbook's temporary file and closes it at the end, also when the client has gone."""
    size = file.content.seek(0, SEEK_END)
    file.content.seek(0)
    content_type = request.accept_mimetypes.best_match([XLSX, BINARY], XLSX)
    response = Response(iter(lambda: file.content.read(PIECE_BYTES), b""), content_type=content_type)
    response.vary.add("Accept")
    response.content_length = size
    response.headers.set("Content-Disposition", "attachment", filename=file.name)
    response.call_on_close(file.content.close)
    return response
