"""Notes the errors of a web process for the operator: they are written to the database in the background, and listed for all processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from database import Database
from infrastructure import error_store
from infrastructure.background_writer import BackgroundWriter
from infrastructure.breaker import BreakerObserver
from models.recent_error import RecentError
from utils.clock import now

GATHERING_SECONDS = 2.0
KEPT_FOR = timedelta(days=7)
LONGEST_NAME = 200  # characters


class ErrorJournal:
    """The errors of this process. Thread-safe; noting one neither waits nor raises. While the database is away, they wait."""

    def __init__(self, database: Database, seconds: float = GATHERING_SECONDS) -> None:
        """Errors of `seconds` are written together."""
        self._database = database
        self._writer: BackgroundWriter[RecentError] = BackgroundWriter("recent errors", self._write, seconds)

    def note(self, kind: str, subject: str, error: str, request_id: str | None = None) -> None:
        """Note an error now; see RecentError."""
        moment = now()
        self._writer.add(RecentError(kind, subject[:LONGEST_NAME], error[:LONGEST_NAME], 1, moment, moment, request_id))

    def close(self) -> None:
        """Write what is not written yet."""
        self._writer.close()

    def _write(self, errors: Sequence[RecentError]) -> None:
        merged: dict[tuple[str, str, str], RecentError] = {}
        for error in errors:
            key = (error.kind, error.subject, error.error)
            first = merged.get(key, replace(error, occurrences=0))
            merged[key] = replace(error, occurrences=first.occurrences + 1, first_at=first.first_at)
        with self._database.bookkeeping() as connection:
            error_store.add(connection, merged.values())


class NotedBreaker:
    """An observer of breakers that notes their openings, and passes every event on to another observer."""

    def __init__(self, journal: ErrorJournal, other: BreakerObserver) -> None:
        self._journal, self._other = journal, other

    def breaker_changed(self, name: str, is_open: bool) -> None:
        """A breaker opened or closed."""
        if is_open:
            self._journal.note("breaker", name, "opened")
        self._other.breaker_changed(name, is_open)

    def breaker_refused(self, name: str) -> None:
        """A breaker refused a call."""
        self._other.breaker_refused(name)


def prune_errors(database: Database) -> int:
    """Delete errors of more than a week ago; return their number."""
    with database.transaction() as connection:
        return error_store.delete_before(connection, now() - KEPT_FOR)
