"""Reports that are kept: asked for, found, removed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from database import Database
from features.files import service as files_service
from features.files.service import Files
from features.prices import service as prices
from features.reports.store import kept as kept_store
from features.strategies.service import require_known
from infrastructure.audit import note
from infrastructure.feature import Universes
from infrastructure.sql.batches import delete_in_batches
from jobs import service as jobs
from jobs.service import Submission, enqueue
from models.errors import JobFinished, JobNotFound, TickerNotFound
from models.job import Lane, NewJob
from models.job_state import JobStatus
from models.kept_report import (
    MOST_REPORTS,
    REPORT,
    KeptReport,
    NewReport,
    ReportNotFound,
    ReportNotReady,
    ReportOrder,
    ReportState,
    TooManyReports,
)
from models.stored_file import StoredFile
from utils.clock import now
from utils.ids import is_id, new_id
from utils.json_text import dump, parse_tolerant

ENDED_WITHOUT = "The job ended without a file; its page has the reason. Ask for the report again."


@dataclass(frozen=True)
class Asked:
    """A report that somebody asks for: the order, the same as JSON values, and for how long it is kept."""

    order: ReportOrder
    params: dict[str, object]
    created_by: str
    kept_days: int


@dataclass(frozen=True)
class ShownReport:
    """A report with its state, the reason of a failure, and its file."""

    report: KeptReport
    state: ReportState
    reason: str | None
    file: StoredFile | None


def submit(connection: Connection, org_id: int, asked: Asked, universes: Universes) -> tuple[KeptReport, Submission]:
    """Store a report and queue the job that makes it, within the caller's transaction.

    Raises JobNotFound, TickerNotFound, UniverseNotFound or StrategyUnknown for what it is to be about, and TooManyReports.
    """
    _require(connection, org_id, asked.order, universes)
    moment = now()
    if kept_store.count(connection, org_id, moment) >= MOST_REPORTS:
        raise TooManyReports(MOST_REPORTS)
    report_id = new_id()
    params = dump({"report_id": report_id, **asked.params}).decode()
    order = asked.order
    new = NewReport(report_id, order.type, order.format, params, asked.created_by, moment, moment + timedelta(days=asked.kept_days))
    submission = enqueue(connection, org_id, NewJob(REPORT, Lane.CPU, params, [report_id]))
    kept_store.insert(connection, org_id, new, submission.job.id)
    report = kept_store.find(connection, org_id, report_id, moment)
    assert report is not None
    return report, submission


def _require(connection: Connection, org_id: int, order: ReportOrder, universes: Universes) -> None:
    if order.job_id is not None and (not is_id(order.job_id) or jobs.look_at(connection, org_id, order.job_id) is None):
        raise JobNotFound(order.job_id)
    if order.ticker is not None and prices.find_head(connection, org_id, order.ticker) is None:
        raise TickerNotFound(order.ticker)
    universe = order.filter.universe if order.filter is not None else order.universe
    if universe is not None:
        prices.require_universe(connection, org_id, universe, universes)
    require_known(connection, org_id, order.filter.strategy if order.filter is not None else order.strategy)


def find(database: Database, org_id: int, report_id: str) -> ShownReport:
    """A report. Raises ReportNotFound."""
    with database.reader() as connection:
        report = kept_store.find(connection, org_id, report_id, now()) if is_id(report_id) else None
    if report is None:
        raise ReportNotFound(report_id)
    return shown(database, org_id, [report])[0]


def find_file(database: Database, org_id: int, report_id: str) -> StoredFile:
    """The file of a report. Raises ReportNotFound or ReportNotReady."""
    found = find(database, org_id, report_id)
    if found.file is None:
        raise ReportNotReady(report_id, found.state, found.reason)
    return found.file


def list_reports(database: Database, org_id: int, before: str | None, limit: int) -> list[KeptReport]:
    """Reports, newest first, behind the id `before`."""
    with database.reader() as connection:
        return kept_store.list_reports(connection, org_id, (before, limit), now())


def shown(database: Database, org_id: int, reports: Sequence[KeptReport]) -> list[ShownReport]:
    """Reports with their states, in the same order."""
    waiting = [report.job_id for report in reports if report.file_id is None and report.error is None]
    with database.read() as connection:
        statuses = {job.id: job.status for job in jobs.find_several(connection, waiting)} if waiting else {}
        files = files_service.find_many(connection, org_id, [report.file_id for report in reports if report.file_id is not None])
    return [_shown(report, statuses.get(report.job_id), files.get(report.file_id or "")) for report in reports]


def _shown(report: KeptReport, status: JobStatus | None, file: StoredFile | None) -> ShownReport:
    if file is not None:
        return ShownReport(report, ReportState.READY, None, file)
    if report.error is not None:
        return ShownReport(report, ReportState.FAILED, report.error.message, None)
    if status is JobStatus.QUEUED:
        return ShownReport(report, ReportState.QUEUED, None, None)
    if status is JobStatus.PROCESSING:
        return ShownReport(report, ReportState.PROCESSING, None, None)
    return ShownReport(report, ReportState.FAILED, ENDED_WITHOUT, None)


def remove(database: Database, files: Files, org_id: int, report_id: str) -> None:
    """Remove a report with its file, and cancel a job that is still to make it. Raises ReportNotFound."""
    with database.transaction() as connection:
        report = kept_store.find(connection, org_id, report_id, now()) if is_id(report_id) else None
        removed = None if report is None else kept_store.delete(connection, org_id, report_id, now())
        if report is None or removed is None:
            raise ReportNotFound(report_id)
        job_id, file_id = removed
        note(connection, before={**vars(report), "params": parse_tolerant(report.params)})
        if file_id is not None:
            files_service.remove(connection, org_id, file_id)
    if file_id is not None:
        files.clear([file_id])
        return
    with suppress(JobFinished, JobNotFound):  # it ended meanwhile, or failed, or is so old that it was deleted
        jobs.cancel(database, org_id, job_id)


def prune_reports(database: Database, moment: datetime | None = None) -> int:
    """Remove reports that have expired; return their number. The hourly task of the files removes theirs."""
    moment = moment or now()

    def delete(connection: Connection, limit: int) -> int:
        expired = kept_store.delete_expired(connection, moment, limit)
        for org_id, file_id in expired:
            if file_id is not None:
                files_service.remove(connection, org_id, file_id)
        return len(expired)

    return delete_in_batches(database, delete)
