"""When API keys were last used, written at most once a minute for each key and never by a request itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from database import Database
from features.accounts.store import api_key as api_key_store
from infrastructure.background_writer import BackgroundWriter
from utils.clock import now

INTERVAL_SECONDS = 60.0
GATHERING_SECONDS = 0.5  # uses of several keys are written together


class KeyUses:
    """The uses of keys in this process. Thread-safe; a use within a minute of the last one costs a look-up in a dict."""

    def __init__(self, database: Database, interval: float = INTERVAL_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        """Writes a use of a key when `interval` seconds have passed since the last one."""
        self._database, self._interval, self._clock = database, interval, clock
        self._due_at: dict[str, float] = {}  # by key id; as many entries as there are keys
        self._writer = BackgroundWriter("key uses", self._write, GATHERING_SECONDS)

    def note(self, key_id: str) -> None:
        """Note that a valid key was used now."""
        time_now = self._clock()
        if time_now < self._due_at.get(key_id, 0.0):
            return
        self._due_at[key_id] = time_now + self._interval
        self._writer.add((key_id, now()))

    def close(self) -> None:
        """Write the uses that are not written yet; later ones are not written."""
        self._writer.close()

    def _write(self, uses: Sequence[tuple[str, datetime]]) -> None:
        # Other processes note the same key: the statement leaves a time alone that is younger than the interval.
        with self._database.transaction() as connection:
            for key_id, used_at in sorted(dict(uses).items()):
                api_key_store.mark_used(connection, key_id, used_at, used_at - timedelta(seconds=self._interval))
