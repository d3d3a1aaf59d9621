"""The kinds of job of pipelines: a piece of a run, and the items of a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from database import Database
from jobs.kind import IsolationLimits
from jobs.room import require_room
from models.job import Fault, Lane, Stored
from models.pipeline import MOST_STEPS, PIPELINE, PIPELINE_ITEMS, STEP_SECONDS, Limits

if TYPE_CHECKING:
    from features.pipelines.execution import Means
    from features.pipelines.items import ItemDone, ItemsParams
    from infrastructure.foundation import Foundation


class _PipelineKind:
    """What both kinds share."""

    lane = Lane.CPU

    def __init__(self, foundation: Foundation, limits: Limits | None = None) -> None:
        self._foundation, self._limits = foundation, limits or Limits()
        self._made: Means | None = None

    @property
    def _means(self) -> Means:
        """What executions use, made at the first."""
        if self._made is None:
            from features.pipelines.execution import Means  # noqa: PLC0415 — only workers need it

            foundation = self._foundation

            def room(connection: Connection, org_id: int) -> None:
                require_room(connection, org_id, foundation)

            self._made = Means(foundation.capabilities, foundation.flags, self._limits, room)
        return self._made

    def prepare(self) -> None:
        """Import what steps need."""
        from features.pipelines import execution as execution  # noqa: PLC0415, PLC0414 — as above

    def close(self) -> None:
        """Nothing is kept open."""


class PipelineRuns(_PipelineKind):
    """Runs runs; a key is the id of one. Its steps store themselves, so an outcome is only how the run stands then."""

    name = PIPELINE
    limits = IsolationLimits(cpu_seconds=MOST_STEPS * STEP_SECONDS, answer_seconds=MOST_STEPS * STEP_SECONDS + 60.0, strikes=4)
    unexpected = Fault("internal_error", "The run could not go on; the log has the reason. Other runs are not affected.")

    def read_params(self, text: str) -> None:
        """There are none."""

    def run(self, database: Database, org_id: int, params: Any, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield how each run stands."""
        from features.pipelines.execution import execute  # noqa: PLC0415 — as above

        for run_id in keys:
            yield run_id, execute(database, self._means, org_id, run_id)

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, str], moment: datetime) -> Mapping[str, Stored]:
        """Everything is stored already."""
        return {run_id: Stored(run_id, status) for run_id, status in outcomes.items()}


class PipelineItems(_PipelineKind):
    """Does a step for each of several items. An outcome is `ItemDone`, or the Fault of the item."""

    name = PIPELINE_ITEMS
    limits = IsolationLimits(cpu_seconds=STEP_SECONDS + 30.0, answer_seconds=STEP_SECONDS + 60.0)
    unexpected = Fault("internal_error", "The item failed unexpectedly; the log has the reason. Other items are not affected.")

    def read_params(self, text: str) -> ItemsParams:
        """Parse the parameters. Raises JobUnreadable."""
        from features.pipelines.items import read_params  # noqa: PLC0415 — as above

        return read_params(text)

    def run(self, database: Database, org_id: int, params: ItemsParams, keys: Sequence[str]) -> Iterator[tuple[str, ItemDone | Fault]]:
        """Yield what became of each item."""
        from features.pipelines.items import run_items  # noqa: PLC0415 — as above

        return run_items(database, self._means, (org_id, params), keys)

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, ItemDone], moment: datetime) -> Mapping[str, Stored]:
        """Write what items write, and store their answers."""
        from features.pipelines.items import store_items  # noqa: PLC0415 — as above

        return store_items(connection, self._foundation.capabilities, outcomes)
