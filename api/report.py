"""Excel reports of what is stored."""

from __future__ import annotations

from flask import Response, send_file

from api.auth import org_id
from api.blueprint import api_blueprint
from schemas.base import JobPath, TickerPath
from schemas.problem import problem_answers
from schemas.report import XLSX, XLSX_ANSWER, ReportQuery, ResultsReportQuery
from services.job_report import job_report
from services.results_report import results_report
from services.ticker_report import ticker_report
from services.workbook import WorkbookFile

blueprint = api_blueprint("report", "Reports")


@blueprint.get("/reports/analysis/<ticker>.xlsx", responses={**XLSX_ANSWER, **problem_answers(404)})
def get_ticker_report(path: TickerPath, query: ReportQuery) -> Response:
    """The latest stored result of a ticker by a strategy, explained, with its prices as a chart and its history of results.

    The prices are the newest 250 days and the history is whole, unless a period is given: both are of that, then. Nothing is analysed.
    """
    return _attachment(ticker_report(org_id(), path.ticker, query.strategy, query.start, query.end))


@blueprint.get("/reports/jobs/<job_id>.xlsx", responses={**XLSX_ANSWER, **problem_answers(404)})
def get_job_report(path: JobPath) -> Response:
    """A job's verdicts with positions of its own sizing, its failures and its parameters; of an active job, what has ended so far."""
    return _attachment(job_report(org_id(), path.job_id))


@blueprint.get("/reports/results.xlsx", responses=XLSX_ANSWER)
def get_results_report(query: ResultsReportQuery) -> Response:
    """The latest result of each ticker and strategy, filtered and sorted like `GET /results`, all of them."""
    return _attachment(results_report(org_id(), query.filter()))


def _attachment(file: WorkbookFile) -> Response:
    response = send_file(file.content, mimetype=XLSX, as_attachment=True, download_name=file.name, conditional=False)
    del response.headers["Cache-Control"]  # Flask's own would let any cache keep it
    return response
