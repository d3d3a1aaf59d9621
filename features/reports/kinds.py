"""The kind of job that makes kept reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from database import Database
from infrastructure.foundation import Foundation
from jobs.kind import IsolationLimits
from models.job import Fault, Lane, Later, Stored
from models.kept_report import REPORT, ReportOrder

if TYPE_CHECKING:
    from features.reports.making import Made


class ReportMaking:
    """Makes one report for each key, which is the report's id. An outcome is `Made`, or the Fault of the report, which is noted."""

    name = REPORT
    lane = Lane.CPU
    # The largest report, of a job of 50,000 tickers, takes half a minute.
    limits = IsolationLimits(cpu_seconds=300.0, answer_seconds=330.0)
    unexpected = Fault("internal_error", "The report could not be made; the log has the reason. Ask for it again.")

    def __init__(self, foundation: Foundation) -> None:
        self._foundation = foundation

    def prepare(self) -> None:
        """Import the writers."""
        from features.reports import making as making  # noqa: PLC0415, PLC0414 — only workers need them

    def close(self) -> None:
        """Nothing is kept open."""

    def read_params(self, text: str) -> ReportOrder:
        """Parse the parameters. Raises JobUnreadable."""
        from features.reports.schemas.kept import read_params  # noqa: PLC0415 — as above

        return read_params(text)

    def run(self, database: Database, org_id: int, params: ReportOrder, keys: Sequence[str]) -> Iterator[tuple[str, Made | Fault | Later]]:
        """Yield the outcome of each report."""
        from features.files.service import files_of  # noqa: PLC0415 — as above
        from features.reports.making import Maker  # noqa: PLC0415 — as above

        return Maker(database, files_of(self._foundation), self._foundation.universes).make_each(org_id, params, keys)

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, Made], moment: datetime) -> Mapping[str, Stored]:
        """Give the reports their files."""
        from features.reports.making import store_reports  # noqa: PLC0415 — as above

        return store_reports(connection, org_id, outcomes, moment)
