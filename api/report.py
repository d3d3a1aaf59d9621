"""Excel reports of what is stored."""

from __future__ import annotations

from flask import Response, send_file

from api.auth import org_id
from api.blueprint import api_blueprint
from schemas.base import JobPath, TickerPath
from schemas.problem import problem_answers
from schemas.report import XLSX, XLSX_ANSWER, ReportQuery
from services.job_report import job_report
from services.ticker_report import ticker_report
from services.workbook import WorkbookFile

blueprint = api_blueprint("report", "Reports")


@blueprint.get("/reports/analysis/<ticker>.xlsx", responses={**XLSX_ANSWER, **problem_answers(404)})
def get_ticker_report(path: TickerPath, query: ReportQuery) -> Response:
    """The latest stored result of a ticker by a strategy, explained, with its newest prices as a chart. Nothing is analysed for it."""
    return _attachment(ticker_report(org_id(), path.ticker, query.strategy))


@blueprint.get("/reports/jobs/<job_id>.xlsx", responses={**XLSX_ANSWER, **problem_answers(404)})
def get_job_report(path: JobPath) -> Response:
    """A job's verdicts with positions of its own sizing, its failures and its parameters; of an active job, what has ended so far."""
    return _attachment(job_report(org_id(), path.job_id))


def _attachment(file: WorkbookFile) -> Response:
    return send_file(file.content, mimetype=XLSX, as_attachment=True, download_name=file.name, conditional=False)
