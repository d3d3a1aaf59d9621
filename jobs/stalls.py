"""Why an unfinished job cannot get on: no worker of its lane is alive, or jobs are switched off; and until when its items wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from database import Database
from infrastructure.polling import PolledValue
from jobs.presence import count_by_lane, list_live
from jobs.store.delay import find_delays
from models.job import Job, Lane, Stall, Waiting

FOLLOW_SECONDS = 2.0


@dataclass(frozen=True)
class Situation:
    """What decides at a moment whether jobs of an organization get on."""

    live_lanes: frozenset[Lane]
    is_paused: bool
    delays: Mapping[str, Waiting] = field(default_factory=dict)  # by job id

    def stall_of(self, job: Job) -> Stall | None:
        """Why a job cannot get on; None for one that can, or has finished."""
        if job.is_finished:
            return None
        if self.is_paused:
            return Stall.SWITCHED_OFF
        return None if job.lane in self.live_lanes else Stall.NO_WORKER

    def waiting_of(self, job: Job) -> Waiting | None:
        """The items of a job that wait for their time."""
        return None if job.is_finished else self.delays.get(job.id)

    def untraced(self, job: Job) -> tuple[Stall | None, Waiting | None]:
        """What changes without a new version of the job."""
        return self.stall_of(job), self.waiting_of(job)

    def eta_seconds(self, job: Job, moment: datetime) -> float | None:
        """Seconds to the end: at the average pace so far, and not before the last waiting item goes on. None where nothing tells."""
        if self.stall_of(job) is not None:
            return None
        eta, waiting = job.eta_seconds(moment), self.waiting_of(job)
        return eta if waiting is None else max(round((waiting.last_at - moment).total_seconds(), 1), 0.0)


class StallWatch:
    """The situation, read at most every few seconds. The last one counts while the database is away; before the first, all is well."""

    def __init__(self, database: Database, is_paused: Callable[[int], bool]) -> None:
        """Opens no connection. `is_paused` tells whether jobs are switched off for an organization."""
        self._database, self._is_paused = database, is_paused
        self._seen: PolledValue[Situation] = PolledValue("live workers", self._read, FOLLOW_SECONDS, Situation(frozenset(Lane), False))

    def situation(self, org_id: int) -> Situation:
        """The situation of an organization's jobs now."""
        return replace(self._seen.get(), is_paused=self._is_paused(org_id))

    def _read(self, _: Situation) -> Situation:
        with self._database.read() as connection:
            lanes = frozenset(lane for lane, count in count_by_lane(list_live(connection)).items() if count)
            return Situation(lanes, False, find_delays(connection))
