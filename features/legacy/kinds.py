"""The kind of job of imported jobs. Nothing runs it: a retry of one fails at once, and says what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NoReturn

from sqlalchemy import Connection

from database import Database
from features.legacy.job_rows import IMPORTED_ANALYSIS
from jobs.kind import IsolationLimits
from models.errors import JobUnreadable
from models.job import Fault, Lane, Stored


class ImportedAnalysis:
    """What the earlier tool ran, of which only the outcome is known."""

    name = IMPORTED_ANALYSIS
    lane = Lane.CPU
    limits = IsolationLimits()
    unexpected = Fault("internal_error", "An imported job was run, which has nothing to run.")

    def prepare(self) -> None:
        """Nothing to import."""

    def close(self) -> None:
        """Nothing to close."""

    def read_params(self, text: str) -> NoReturn:
        """Refuse to run. Raises JobUnreadable."""
        raise JobUnreadable("it was imported from an earlier tool, which alone could run it; POST /bulk-analyze analyses its tickers")

    def run(self, database: Database, org_id: int, params: None, keys: Sequence[str]) -> Iterator[tuple[str, None]]:
        """Nothing to run."""
        return iter(())

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, None], moment: datetime) -> Mapping[str, str | Stored]:
        """Nothing to store."""
        return {}
