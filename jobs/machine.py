"""The parts that a process needs to run jobs, whichever engine it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from config import Settings
from database import DatabaseOptions
from infrastructure.feature import Feature
from infrastructure.foundation import Foundation
from jobs.celery_wakeup import wakeup_for
from jobs.flags import BULK_JOBS
from jobs.kind import JobKinds
from jobs.wakeup import Wakeup
from models.job import Lane

if TYPE_CHECKING:
    from jobs.executor import ExecutorOptions


@dataclass(frozen=True)
class JobMachine:
    """What jobs stand on: the foundation, the kinds that can be run, and how other processes are woken."""

    foundation: Foundation
    kinds: JobKinds
    wakeup: Wakeup

    @classmethod
    def of(cls, settings: Settings, features: Sequence[Feature], connections: int = 0) -> JobMachine:
        """Put together the machine of a process; its database becomes the process-wide one. Opens nothing.

        `connections` is how many it needs at once, if that is more than the settings say.
        """
        foundation = Foundation.of(settings, features, _database_options(settings, connections))
        kinds = JobKinds(kind for feature in features for kind in feature.kinds())
        return cls(foundation, kinds, wakeup_for(settings))

    def executor_options(self, lane: Lane) -> ExecutorOptions:
        """What the executors of this process share that work in a lane."""
        from jobs.executor import ExecutorOptions  # noqa: PLC0415 — the parent of the workers runs none

        foundation = self.foundation
        return ExecutorOptions(
            database=foundation.database,
            kinds=self.kinds,
            lane=lane,
            lease_seconds=foundation.settings.job_lease_seconds,
            wakeup=self.wakeup,
            may_claim=lambda: foundation.flags.is_enabled(BULK_JOBS),
        )


def _database_options(settings: Settings, connections: int) -> DatabaseOptions:
    """The database as a process uses it that runs jobs.

    A worker that is stopped half-way through a transaction is cut off when its lease has expired: what it had locked is free for others.
    Nobody waits for a worker's answer, and it has pauses of its own: no breaker.
    """
    options = DatabaseOptions.of(settings)
    return replace(
        options,
        pool_size=max(options.pool_size, connections),
        idle_in_transaction_timeout=settings.job_lease_seconds,
        breaker_failures=0,
    )
