"""Why an unfinished job cannot get on: no worker of its lane is alive, or jobs are switched off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from database import Database
from infrastructure.polling import PolledValue
from jobs.presence import count_by_lane, list_live
from models.job import Job, Lane, Stall

FOLLOW_SECONDS = 2.0


@dataclass(frozen=True)
class Situation:
    """What decides at a moment whether jobs get on."""

    live_lanes: frozenset[Lane]
    is_paused: bool

    def stall_of(self, job: Job) -> Stall | None:
        """Why a job cannot get on; None for one that can, or has finished."""
        if job.is_finished:
            return None
        if self.is_paused:
            return Stall.SWITCHED_OFF
        return None if job.lane in self.live_lanes else Stall.NO_WORKER


class StallWatch:
    """The situation, read at most every few seconds. The last one counts while the database is away; before the first, all is well."""

    def __init__(self, database: Database, is_paused: Callable[[], bool]) -> None:
        """Opens no connection. `is_paused` tells whether jobs are switched off."""
        self._database, self._is_paused = database, is_paused
        self._live_lanes: PolledValue[frozenset[Lane]] = PolledValue("live workers", self._read, FOLLOW_SECONDS, frozenset(Lane))

    def situation(self) -> Situation:
        """The situation now."""
        return Situation(self._live_lanes.get(), self._is_paused())

    def _read(self, _: frozenset[Lane]) -> frozenset[Lane]:
        with self._database.read() as connection:
            return frozenset(lane for lane, count in count_by_lane(list_live(connection)).items() if count)
