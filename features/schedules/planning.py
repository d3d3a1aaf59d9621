"""What becomes of the due times that have passed: pure deciders, with the schedule and the time as arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from features.schedules.due_times import due_after, due_between
from models.schedule import Firing, FiringState, Reason, Schedule

LATE_AFTER = timedelta(seconds=60)  # a dispatcher looks every two seconds; it may be busy, or start anew
BATCH = 2_000  # due times in one transaction; a schedule that is further behind goes on in the next one


@dataclass(frozen=True)
class Plan:
    """What is to be written: the firings that nothing runs for, and the due time to run, if any.

    `is_whole` says that no further due time has passed.
    """

    settled: Sequence[Firing]
    runs: datetime | None
    considered_until: datetime
    next_due_at: datetime | None
    is_whole: bool

    @property
    def last_due_at(self) -> datetime | None:
        """The newest due time of the plan."""
        return self.runs or (self.settled[-1].due_at if self.settled else None)

    @property
    def missed(self) -> list[Firing]:
        """The firings that are missed."""
        return [firing for firing in self.settled if firing.state is FiringState.MISSED]


@dataclass(frozen=True)
class Verdict:
    """What becomes of due times that cannot run, whenever they are considered."""

    state: FiringState
    reason: Reason
    message: str


PAUSED = Verdict(FiringState.SKIPPED, Reason.PAUSED, "The schedule was paused.")
EDITED = Verdict(FiringState.MISSED, Reason.EDITED, "The schedule was changed before this due time was considered.")


def switched_off(message: str) -> Verdict:
    """What becomes of due times while a flag is off; `message` says which and why."""
    return Verdict(FiringState.SKIPPED, Reason.FLAG_OFF, message)


def plan(schedule: Schedule, moment: datetime, verdict: Verdict | None = None, batch: int = BATCH) -> Plan:
    """The plan for the due times up to a moment, at most `batch` of them.

    The newest runs, if it is not older than the schedule's `catch_up`; all others are missed. With a `verdict`, none runs.
    """
    due = list(islice(due_between(schedule.when, schedule.considered_until, moment), batch + 1))
    is_whole = len(due) <= batch
    due = due[:batch]
    considered = moment if is_whole else due[-1]
    following = next(due_after(schedule.when, considered), None)
    if verdict is not None:
        rows = [Firing(schedule.id, each, verdict.state, verdict.reason, verdict.message) for each in due]
        return Plan(rows, None, considered, following, is_whole)
    runs = due.pop() if due and is_whole and moment - due[-1] <= allowed(schedule) else None
    return Plan([_missed(schedule, each, moment) for each in due], runs, considered, following, is_whole)


def allowed(schedule: Schedule) -> timedelta:
    """How late a due time may still run."""
    return max(timedelta(seconds=schedule.catch_up), LATE_AFTER)


def is_late(due_at: datetime, moment: datetime) -> bool:
    """Whether a firing that starts at a moment is late."""
    return moment - due_at > LATE_AFTER


def _missed(schedule: Schedule, due_at: datetime, moment: datetime) -> Firing:
    if moment - due_at > allowed(schedule):
        reason = Reason.CATCH_UP_EXCEEDED
        message = f"No dispatcher looked then, and at {moment:%Y-%m-%d %H:%M} UTC it was too late to catch up."
    else:
        reason, message = Reason.DOWN, "No dispatcher looked then; a newer due time was run in its place."
    return Firing(schedule.id, due_at, FiringState.MISSED, reason, message)
