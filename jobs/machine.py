"""The parts that a process of either engine needs to run jobs."""

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
    """The job machine of a process: the foundation, the kinds of job, and the wake-up of other processes."""

    foundation: Foundation
    kinds: JobKinds
    wakeup: Wakeup

    @classmethod
    def of(cls, settings: Settings, features: Sequence[Feature], connections: int = 0) -> JobMachine:
        """Build the job machine. Its database becomes the process-wide one. Opens no connection.

        `connections` is the least size of the database pool.
        """
        foundation = Foundation.of(settings, features, _database_options(settings, connections))
        kinds = JobKinds(kind for feature in features for kind in feature.kinds(foundation))
        return cls(foundation, kinds, wakeup_for(settings))

    def executor_options(self, lane: Lane) -> ExecutorOptions:
        """The options that the executors of this process for a lane share."""
        from jobs.executor import ExecutorOptions  # noqa: PLC0415 — the parent of the workers does not need it

        foundation = self.foundation
        return ExecutorOptions(
            database=foundation.database,
            kinds=self.kinds,
            lane=lane,
            lease_seconds=foundation.settings.job_lease_seconds,
            wakeup=self.wakeup,
            may_claim=lambda: foundation.flags.is_enabled(BULK_JOBS),
            may_run=lambda org_id: foundation.flags.is_enabled(BULK_JOBS, org_id),
        )


def _database_options(settings: Settings, connections: int) -> DatabaseOptions:
    """The database options of a process that runs jobs.

    The server ends a transaction that is idle for longer than a lease, which releases the locks of a worker that was suspended. There is no
    breaker: workers wait between attempts themselves, and no client waits for them.
    """
    options = DatabaseOptions.of(settings)
    return replace(
        options,
        pool_size=max(options.pool_size, connections),
        idle_in_transaction_timeout=settings.job_lease_seconds,
        breaker_failures=0,
    )
