"""When API keys and sessions were last used, written at most once a minute for each and never by a request itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Connection

from database import Database
from features.accounts.store import api_key as api_key_store
from features.accounts.store import session as session_store
from infrastructure.background_writer import BackgroundWriter
from utils.clock import now

INTERVAL_SECONDS = 60.0
GATHERING_SECONDS = 0.5  # uses of several keys are written together
MOST_KNOWN = 10_000  # beyond it, what is due anyway is forgotten

# Marks a use, unless one later than the last argument is stored.
Mark: TypeAlias = "Callable[[Connection, str, datetime, datetime], object]"


class Uses:
    """The uses in this process of what has an id. Thread-safe; a use within a minute of the last one costs a look-up in a dict."""

    def __init__(
        self, database: Database, mark: Mark, interval: float = INTERVAL_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Writes a use by `mark` when `interval` seconds have passed since the last one."""
        self._database, self._mark, self._interval, self._clock = database, mark, interval, clock
        self._due_at: dict[str, float] = {}
        self._writer = BackgroundWriter("uses", self._write, GATHERING_SECONDS)

    @classmethod
    def of_keys(cls, database: Database, clock: Callable[[], float] = time.monotonic) -> Uses:
        """The uses of API keys."""
        return cls(database, api_key_store.mark_used, clock=clock)

    @classmethod
    def of_sessions(cls, database: Database, clock: Callable[[], float] = time.monotonic) -> Uses:
        """The uses of people's sessions."""
        return cls(database, session_store.mark_used, clock=clock)

    def note(self, used_id: str) -> None:
        """Note that this was used now."""
        time_now = self._clock()
        if time_now < self._due_at.get(used_id, 0.0):
            return
        if len(self._due_at) >= MOST_KNOWN:
            self._due_at = {other: due_at for other, due_at in self._due_at.items() if due_at > time_now}
        self._due_at[used_id] = time_now + self._interval
        self._writer.add((used_id, now()))

    def close(self) -> None:
        """Write the uses that are not written yet; later ones are not written."""
        self._writer.close()

    def _write(self, uses: Sequence[tuple[str, datetime]]) -> None:
        # Other processes note the same: the statement leaves a time alone that is younger than the interval.
        with self._database.bookkeeping() as connection:
            for used_id, used_at in sorted(dict(uses).items()):
                self._mark(connection, used_id, used_at, used_at - timedelta(seconds=self._interval))
