"""The kind of job that publishes what is new of indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from database import Database
from infrastructure.feature import Universes
from jobs.kind import IsolationLimits
from models.errors import BellwetherError
from models.index import INDEX_REBALANCING
from models.job import Fault, Lane, Stored

if TYPE_CHECKING:
    from features.indexes.publishing import Publication

PUBLISHED, REVISED, UNCHANGED = "Published", "Revised", "Unchanged"


class IndexRebalancing:
    """Publishes indexes by their ids, each whole or not at all. An outcome is a Publication, or the Fault of an index."""

    name = INDEX_REBALANCING
    lane = Lane.CPU
    limits = IsolationLimits(cpu_seconds=300.0, answer_seconds=600.0)
    unexpected = Fault("internal_error", "The index could not be computed; the log has the reason. Other indexes are not affected.")

    def __init__(self, universes: Callable[[], Universes]) -> None:
        """`universes` is called when a job runs: they are read with much that other processes do not need."""
        self._universes = universes

    def prepare(self) -> None:
        """Import the computation."""
        from features.indexes import publishing as publishing  # noqa: PLC0415, PLC0414 — only workers of this lane need it

    def close(self) -> None:
        """Nothing is kept open."""

    def read_params(self, text: str) -> None:
        """There are none."""

    def run(self, database: Database, org_id: int, params: None, keys: Sequence[str]) -> Iterator[tuple[str, Publication | Fault]]:
        """Yield what is to be published of each index."""
        from features.indexes.publishing import prepare  # noqa: PLC0415 — as above

        universes = self._universes()
        for index_id in keys:
            try:
                yield index_id, prepare(database, org_id, index_id, universes)
            except BellwetherError as error:
                yield index_id, Fault(error.code, str(error))

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, Publication], moment: datetime) -> Mapping[str, Stored]:
        """Publish; an index that was changed or published meanwhile is computed again."""
        from features.indexes.publishing import publish  # noqa: PLC0415 — as above

        stored = {}
        for index_id, publication in sorted(outcomes.items()):
            if publish(connection, org_id, publication, moment):
                outcome = REVISED if publication.is_revision else PUBLISHED if publication.is_news else UNCHANGED
                standing = publication.standing
                facts = {"name": publication.index.name, "last": standing.last_day.isoformat(), "level": standing.level}
                stored[index_id] = Stored(index_id, outcome, outcome != UNCHANGED, facts)
        return stored
