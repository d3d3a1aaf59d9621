"""Which shared histories were replaced last, so that most results are known not to be superseded without a statement each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from database import Database
from infrastructure.polling import PolledValue
from infrastructure.replacement_store import newest_replacements

FOLLOW_SECONDS = 1.0
REMEMBERED = 500  # replacements


@dataclass(frozen=True)
class _Newest:
    """The newest replacements by ticker. All others came at `since` or before; None where there are none."""

    moments: dict[str, datetime]
    since: datetime | None


class Replacements:
    """The newest replacements, read once a second at most, however many ask. Thread-safe. Opens no connection before its first use."""

    def __init__(self, database: Database, remembered: int = REMEMBERED, follow_seconds: float = FOLLOW_SECONDS) -> None:
        self._database, self._remembered = database, remembered
        self._newest: PolledValue[_Newest | None] = PolledValue("replaced histories", self._read, follow_seconds, None)

    def may_have_come_after(self, ticker: str, moment: datetime) -> bool:
        """Whether a ticker's shared history may have been replaced after a moment. False is certain, but for the last second."""
        newest = self._newest.get()
        if newest is None:
            return True  # not read yet
        replaced_at = newest.moments.get(ticker)
        if replaced_at is not None:
            return replaced_at > moment
        return newest.since is not None and newest.since > moment

    def _read(self, _: _Newest | None) -> _Newest:
        # The whole list each time: what commits late has an earlier moment than what is known already.
        with self._database.reader() as connection:
            found = newest_replacements(connection, self._remembered)
        return _Newest(dict(found), found[-1][1] if len(found) == self._remembered else None)
