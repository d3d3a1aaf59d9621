"""Makes kept reports within their jobs: the file is written to the storage, and the report gets it as its item ends.

A worker that is killed leaves a file without a report, which the hourly task of the files removes, and a report without a file, whose item
runs again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from database import Database
from features.files import service as files_service
from features.files.service import Files
from features.reports.contents import Sources, write_report
from features.reports.store import kept as kept_store
from infrastructure.feature import Universes
from models.errors import BellwetherError
from models.job import Fault, Later, Stored
from models.kept_report import KeptReport, ReportOrder
from models.limits import LimitReached
from models.storage_errors import StorageAway
from models.stored_file import NewFile, Purpose, WrittenFile
from utils.clock import now

WAITS_SECONDS = 30.0  # for a storage that is away
WAITS_FOR = timedelta(hours=1)  # in all, from when the report was asked for
REMOVED = Fault("report_removed", "The report was removed, or has expired, before it was made.")


@dataclass(frozen=True)
class Made:
    """A report whose file is written; `written` is None where it had its file already."""

    written: WrittenFile | None
    name: str = ""


@dataclass(frozen=True)
class Maker:
    """Makes the reports of an organization."""

    database: Database
    files: Files
    universes: Universes

    def make_each(self, org_id: int, order: ReportOrder, report_ids: Sequence[str]) -> Iterator[tuple[str, Made | Fault | Later]]:
        """Yield the outcome of each report. Why one cannot be made is noted at once."""
        for report_id in report_ids:
            with self.database.read() as connection:
                report = kept_store.find(connection, org_id, report_id, now())
            if report is None:
                yield report_id, REMOVED
            elif report.file_id is not None:
                yield report_id, Made(None)
            else:
                yield report_id, self._make(report, order)

    def _make(self, report: KeptReport, order: ReportOrder) -> Made | Fault | Later:
        try:
            content = write_report(Sources(self.database, report.org_id, self.universes), order)
        except BellwetherError as error:
            return self._refused(report, error)
        new = NewFile(report.org_id, Purpose.REPORT, "report", content.name, content.content_type, report.created_by)
        with content.file:
            try:
                return Made(self.files.write(new, content.file), content.name)
            except LimitReached as error:
                return self._refused(report, error)
            except StorageAway as error:
                if now() - report.created_at < WAITS_FOR:
                    return Later(WAITS_SECONDS)
                return self._refused(report, error)

    def _refused(self, report: KeptReport, error: BellwetherError) -> Fault:
        fault = Fault(error.code, str(error))
        with self.database.transaction() as connection:
            kept_store.fail(connection, report.org_id, report.id, fault, now())
        return fault


def store_reports(connection: Connection, org_id: int, outcomes: Mapping[str, Made], moment: datetime) -> dict[str, Stored]:
    """Give reports their files. One that was removed meanwhile, or has no room, is missing in the answer: it is run again, and fails."""
    stored: dict[str, Stored] = {}
    for report_id, made in sorted(outcomes.items()):
        if made.written is None:
            stored[report_id] = Stored(report_id, "Ready")
            continue
        try:
            files_service.keep(connection, made.written)
        except LimitReached:
            continue  # others have filled the room since it was written: it is run again, and fails by that
        if kept_store.finish(connection, org_id, report_id, made.written.id, moment):
            stored[report_id] = Stored(report_id, "Ready", None, {"name": made.name, "bytes": made.written.bytes})
        else:
            files_service.remove(connection, org_id, made.written.id)
    return stored
