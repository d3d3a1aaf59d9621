"""Starts what a schedule does, within the transaction that notes it in the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from sqlalchemy import Connection

from features.schedules.flags import SCHEDULES
from features.schedules.planning import Verdict, is_late, switched_off
from infrastructure.capability import Call, Capability, CapabilityNotFound, Started, Starts
from infrastructure.sql.transaction import after_commit
from jobs import service as jobs
from jobs.room import require_room
from models.errors import BellwetherError, FeatureDisabled
from models.schedule import Action, Firing, FiringKind, FiringState, Reason, Schedule, ScheduleFault
from models.schedule_errors import ActionNotOffered, InvalidSchedule
from utils.clock import iso
from utils.input_messages import message_of

if TYPE_CHECKING:
    from infrastructure.feature import Universes
    from infrastructure.foundation import Foundation
    from jobs.wakeup import Wakeup

LONGEST = 500  # characters of a reason


class Starter:
    """Starts the actions of schedules by the capabilities of this process."""

    def __init__(self, foundation: Foundation, wakeup: Wakeup) -> None:
        self._foundation, self._wakeup = foundation, wakeup

    @property
    def universes(self) -> Universes:
        """The built-in universes that an action may name."""
        return self._foundation.universes

    def require_on(self, org_id: int) -> None:
        """Raises FeatureDisabled while schedules are switched off for an organization."""
        self._foundation.flags.require(SCHEDULES, org_id)

    def verdict(self, org_id: int) -> Verdict | None:
        """What becomes of an organization's due times while schedules are switched off; None while they are on."""
        try:
            self.require_on(org_id)
        except FeatureDisabled as error:
            return switched_off(str(error))
        return None

    def checked(self, action: Action, params: Any) -> Any:
        """The validated parameters of an action. Raises ActionNotOffered or InvalidSchedule."""
        try:
            return self._capability(action).inputs.model_validate(params)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            field = ".".join(["params", *map(str, first["loc"])])
            raise InvalidSchedule(field, message_of(first)) from error

    def require_named(self, connection: Connection, org_id: int, action: Action, params: Any) -> None:
        """Refuse parameters that do not fit, or name what the organization does not have. Raises ActionNotOffered or InvalidSchedule."""
        inputs, absent = self.checked(action, params), self._capability(action).absent
        for field, message in absent(connection, org_id, inputs) if absent is not None else ():
            raise InvalidSchedule(f"params.{field}", message)

    def faults(self, connection: Connection, schedule: Schedule) -> list[ScheduleFault]:
        """What a stored schedule names and is gone, or no longer fits."""
        try:
            inputs, absent = self.checked(schedule.action, schedule.params), self._capability(schedule.action).absent
        except ActionNotOffered as error:
            return [ScheduleFault("action", str(error))]
        except InvalidSchedule as error:
            return [ScheduleFault(*problem) for problem in error.problems]
        found = absent(connection, schedule.org_id, inputs) if absent is not None else ()
        return [ScheduleFault(f"params.{field}", message) for field, message in found]

    def start(self, connection: Connection, schedule: Schedule, due_at: datetime) -> Started:
        """Queue the job of a firing; its workers are woken after the commit.

        Raises a BellwetherError of the capability, ActionNotOffered, InvalidSchedule, FeatureDisabled, or OpenJobsLimit.
        """
        capability = self._capability(schedule.action)
        work = capability.work
        assert isinstance(work, Starts)
        if capability.flag is not None:
            self._foundation.flags.require(capability.flag, schedule.org_id)
        inputs = self.checked(schedule.action, schedule.params)
        call = Call(schedule.org_id, f"schedule:{schedule.id}:{iso(due_at)}", f"schedule {schedule.name}")
        started = work.start(connection, call, inputs)
        require_room(connection, schedule.org_id, self._foundation)
        job = jobs.look_at(connection, schedule.org_id, started.job_id)
        if job is not None:
            after_commit(connection, lambda: self._wakeup.wake_workers(job.id, job.lane))
        return started

    def _capability(self, action: Action) -> Capability:
        try:
            capability = self._foundation.capabilities.find(action.capability)
        except CapabilityNotFound as error:
            raise ActionNotOffered(action) from error
        if not isinstance(capability.work, Starts):
            raise ActionNotOffered(action)
        return capability


def started_firing(schedule: Schedule, due_at: datetime, started: Started, moment: datetime, kind: FiringKind = FiringKind.DUE) -> Firing:
    """The firing of a due time whose job was queued at a moment."""
    late = is_late(due_at, moment)
    reason, message = Reason.PARTLY_GONE if started.left_out else None, with_left_out(None, started)
    if late and kind is FiringKind.DUE:
        told = f"No dispatcher looked when it was due; it ran at {moment:%Y-%m-%d %H:%M} UTC."
        reason, message = Reason.DOWN, with_left_out(told, started)
    state = FiringState.LATE if late else FiringState.FIRED
    return Firing(schedule.id, due_at, state, reason, message, kind, started.job_id, started.run_id, moment)


def with_left_out(message: str | None, started: Started) -> str | None:
    """What is told of a firing, and what it left out because that is gone."""
    return " ".join(filter(None, (message, *started.left_out)))[:LONGEST] or None


def refused_firing(schedule: Schedule, due_at: datetime, error: Exception, moment: datetime, kind: FiringKind = FiringKind.DUE) -> Firing:
    """The firing of a due time whose job could not be queued, with the reason in words."""
    if isinstance(error, FeatureDisabled):
        return Firing(schedule.id, due_at, FiringState.SKIPPED, Reason.FLAG_OFF, str(error)[:LONGEST], kind)
    words = _words(error)
    return Firing(schedule.id, due_at, FiringState.FAILED, words, words, kind, finished_at=moment)


def _words(error: Exception) -> str:
    if isinstance(error, BellwetherError):
        return str(error)[:LONGEST]
    return f"It could not be started: {type(error).__name__}. The log has more."
