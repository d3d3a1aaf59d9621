"""Kept reports: what is asked for, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from models.errors import Conflict, NotFound
from models.job import Fault
from models.screen import ResultFilter

REPORT = "report"  # the kind of job
MOST_REPORTS = 500  # of an organization


class ReportType(StrEnum):
    """What a report is about."""

    JOB = "job"
    TICKER = "ticker"
    WATCHLIST = "watchlist"
    SCREENER = "screener"
    EVIDENCE = "evidence"


class ReportFormat(StrEnum):
    """How a report is written."""

    XLSX = "xlsx"
    CSV = "csv"
    JSON = "json"


class ReportState(StrEnum):
    """What became of a report."""

    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class ReportOrder:
    """A report to make. The fields that its type does not take are None."""

    type: ReportType
    format: ReportFormat
    job_id: str | None = None
    ticker: str | None = None
    strategy: str | None = None
    universe: str | None = None
    start: date | None = None
    end: date | None = None
    filter: ResultFilter | None = None


@dataclass(frozen=True)
class NewReport:
    """A report that is about to be stored; `params` is JSON."""

    id: str
    type: ReportType
    format: ReportFormat
    params: str
    created_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class KeptReport:
    """A report as stored; `params` is JSON. It is ready once it has a file."""

    id: str
    org_id: int
    type: str
    format: str
    params: str
    job_id: str
    file_id: str | None
    error: Fault | None
    created_at: datetime
    created_by: str
    finished_at: datetime | None
    expires_at: datetime


class ReportNotFound(NotFound):
    """There is no such report."""

    def __init__(self, report_id: str) -> None:
        self.report_id = report_id
        super().__init__("There is no report with this id. It may have been removed or have expired; see GET /api/v1/reports.")


class ReportNotReady(Conflict):
    """The report has no file."""

    def __init__(self, report_id: str, state: ReportState, reason: str | None) -> None:
        self.report_id = report_id
        waits = "It is being made; ask again in a moment." if state is not ReportState.FAILED else f"It could not be made: {reason}"
        super().__init__(f"The report has no file. {waits}")


class TooManyReports(Conflict):
    """There are as many reports as can be kept."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"You have {most} reports, which is the most that is kept. Remove some first.")
