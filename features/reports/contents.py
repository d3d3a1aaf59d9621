"""Writes the file of a kept report: the workbooks of the direct downloads, and the same facts as CSV or JSON."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import IO, Any

from database import Database
from features.analyses import service as analyses
from features.evidence import service as evidence
from features.reports.evidence_report import evidence_report
from features.reports.job_report import ended_items, job_report
from features.reports.results_report import results_report
from features.reports.ticker_report import ReportSubject, report_history, ticker_report
from features.reports.universe_evidence_report import universe_evidence_report
from features.reports.workbook import WorkbookFile
from features.strategies.service import known_finder
from infrastructure.cache import NoCache
from infrastructure.feature import Universes
from jobs import service as jobs
from models.evidence import EvidenceOrder
from models.evidence_errors import EvidencePending
from models.kept_report import ReportFormat, ReportOrder, ReportType
from models.result import ResultSummary
from models.strategy import DEFAULT_STRATEGY
from utils.clock import today
from utils.csv_text import csv_lines
from utils.json_text import array_pieces, dump, object_pieces, parse_tolerant

CONTENT_TYPES = {
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportFormat.CSV: "text/csv",
    ReportFormat.JSON: "application/json",
}
JOB_COLUMNS = (
    *("ticker", "name", "status", "as_of", "close", "score", "verdict", "before", "signal", "entry", "stop_loss", "target"),
    *("superseded", "result_id", "error_code", "error"),
)
JOB_FACTS = ("id", "kind", "status", "total", "succeeded", "failed", "cancelled", "created_at", "finished_at")
HISTORY_COLUMNS = ("ticker", "strategy", "as_of", "close", "score", "verdict", "signal", "bars", "created_at", "id", "superseded")


@dataclass(frozen=True)
class Content:
    """A whole file without a name on disk, and what it is called; closing `file` deletes it."""

    name: str
    content_type: str
    file: IO[bytes]


@dataclass(frozen=True)
class Sources:
    """Where reports read."""

    database: Database
    org_id: int
    universes: Universes


def write_report(sources: Sources, order: ReportOrder) -> Content:
    """Write a report. Raises a BellwetherError for what it is about: it may be gone, or have no result or evidence yet."""
    return _WRITERS[order.type](sources, order)


def _job(sources: Sources, order: ReportOrder) -> Content:
    job_id = order.job_id or ""
    if order.format is ReportFormat.XLSX:
        return _workbook(job_report(sources.database, sources.org_id, job_id))
    job = jobs.find(sources.database, sources.org_id, job_id)
    rows = (_job_row(item) for item in ended_items(sources.database, job))
    if order.format is ReportFormat.CSV:
        lines = (csv_lines([[row[name] for name in JOB_COLUMNS]]) for row, _ in rows)
        return _text(f"bellwether-job-{job.id}", order.format, _headed(JOB_COLUMNS, lines))
    head = {name: getattr(job, name) for name in JOB_FACTS}
    items = array_pieces([{**row, "result": body}] for row, body in rows)
    members = [("job", [dump({**head, "params": parse_tolerant(job.params)})]), ("items", items)]
    return _text(f"bellwether-job-{job.id}", order.format, object_pieces(members))


def _job_row(item: Any) -> tuple[dict[str, Any], Any]:
    """The columns of an ended item, and its whole result."""
    row: dict[str, Any] = {"ticker": item.ticker, "name": item.name, "status": item.status, "before": item.before}
    row |= {"result_id": item.result_id, "error_code": item.error_code, "error": item.error}
    result = item.result
    body = None if result is None else parse_tolerant(result.body)
    for name in ("as_of", "close", "score", "verdict", "signal", "superseded"):
        row[name] = None if result is None else getattr(result, name)
    trade = (body or {}).get("trade") or {}
    return row | {name: trade.get(name) for name in ("entry", "stop_loss", "target")}, body


def _ticker(sources: Sources, order: ReportOrder) -> Content:
    subject = ReportSubject(order.ticker or "", order.strategy or "", order.start, order.end)
    if order.format is ReportFormat.XLSX:
        return _workbook(ticker_report(sources.database, sources.org_id, subject))
    latest, history = report_history(sources.database, sources.org_id, subject)
    name = f"bellwether-{subject.ticker}-{subject.strategy}-{latest.stored.as_of}"
    if order.format is ReportFormat.CSV:
        lines = (csv_lines([[getattr(one, column) for column in HISTORY_COLUMNS]]) for one in history)
        return _text(name, order.format, _headed(HISTORY_COLUMNS, lines))
    result = {**parse_tolerant(latest.stored.body), "superseded": latest.superseded}
    members = [("result", [dump(result)]), ("history", array_pieces([_summary(one)] for one in history))]
    return _text(name, order.format, object_pieces(members))


def _summary(one: ResultSummary) -> dict[str, Any]:
    return asdict(one)


def _results(sources: Sources, order: ReportOrder) -> Content:
    wanted = order.filter
    assert wanted is not None
    arguments = sources.database, sources.org_id, wanted, sources.universes
    if order.format is ReportFormat.XLSX:
        return _workbook(results_report(*arguments))
    name = f"bellwether-{'watchlist' if order.type is ReportType.WATCHLIST else 'results'}-{today()}"
    if order.format is ReportFormat.CSV:
        return _text(name, order.format, analyses.results_csv(*arguments))
    return _text(name, order.format, object_pieces([("items", array_pieces(analyses.result_pages(*arguments)))]))


def _evidence(sources: Sources, order: ReportOrder) -> Content:
    strategy = known_finder(sources.database, sources.org_id)(order.strategy or DEFAULT_STRATEGY)
    if order.ticker is not None:
        asked = EvidenceOrder(order.ticker, strategy, start=order.start, end=order.end)
        body: bytes | str = evidence.answer(
            sources.database, evidence.seek(sources.database, sources.org_id, asked), NoCache(sources.database)
        ).body
        name = f"bellwether-evidence-{order.ticker}-{strategy.id}"
        workbook: Callable[[Any], WorkbookFile] = evidence_report
        lines: Callable[[Any], Iterator[bytes]] = evidence.evidence_csv
    else:
        wanted = evidence.Wanted(strategy, order.universe or "")
        found = evidence.find_universe(evidence.Reading(sources.database, sources.org_id), wanted, sources.universes)
        if found.body is None:
            assert found.job is not None
            raise EvidencePending(found.job.id)
        body, name = found.body, f"bellwether-evidence-{strategy.id}"
        workbook, lines = universe_evidence_report, evidence.universe_csv
    if order.format is ReportFormat.XLSX:
        return _workbook(workbook(parse_tolerant(body)))
    pieces = lines(parse_tolerant(body)) if order.format is ReportFormat.CSV else [body if isinstance(body, bytes) else body.encode()]
    return _text(name, order.format, pieces)


_WRITERS: dict[ReportType, Callable[[Sources, ReportOrder], Content]] = {
    ReportType.JOB: _job,
    ReportType.TICKER: _ticker,
    ReportType.WATCHLIST: _results,
    ReportType.SCREENER: _results,
    ReportType.EVIDENCE: _evidence,
}


def _headed(columns: Iterable[str], lines: Iterable[bytes]) -> Iterator[bytes]:
    yield csv_lines([list(columns)])
    yield from lines


def _workbook(workbook: WorkbookFile) -> Content:
    return Content(workbook.name, CONTENT_TYPES[ReportFormat.XLSX], workbook.content)


def _text(name: str, form: ReportFormat, pieces: Iterable[bytes]) -> Content:
    with ExitStack() as undo:
        file = undo.enter_context(tempfile.TemporaryFile())
        for piece in pieces:
            file.write(piece)
        undo.pop_all()  # the caller closes it
    return Content(f"{name}.{form}", CONTENT_TYPES[form], file)
