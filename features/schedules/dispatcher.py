"""The dispatcher: writes every due time that has passed into the ledger, and starts what is to run.

One transaction moves a schedule forward, writes its due times, queues the job and records what was missed: whatever dies in between, all
of it has happened or nothing. Two dispatchers at once are decided by the row of the schedule, and by the primary key of the ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from database import Database
from features.schedules.ledger import running
from features.schedules.planning import BATCH, PAUSED, Plan, Verdict, plan
from features.schedules.starting import Starter, refused_firing, started_firing, with_left_out
from features.schedules.store import firing as firing_store
from features.schedules.store import schedule as schedule_store
from features.schedules.store.firing import Waiting
from features.schedules.store.schedule import Considered
from infrastructure.outbox import record
from infrastructure.sql.database_clock import database_now
from models.errors import BellwetherError
from models.event import EventType, NewEvent
from models.schedule import Firing, FiringKind, FiringState, Overlap, Reason, Schedule
from utils.clock import iso
from utils.database_errors import is_unavailable

log = structlog.get_logger(__name__)

LOOK_SECONDS = 2.0
NOTED_EVERY = timedelta(seconds=15)  # that a dispatcher looks: a write
SCHEDULES = 500  # in one look: other maintenance tasks must have their turn
DUE_TIMES = 10_000  # in one look, of all schedules that are behind


@dataclass(frozen=True)
class Limits:
    """How much one look does; what is left is done by the next ones."""

    batch: int = BATCH
    schedules: int = SCHEDULES
    due_times: int = DUE_TIMES


class AlreadyFired(Exception):
    """The due time is in the ledger."""


class Dispatcher:
    """Looks for due times that have passed. Any number of processes may look at once."""

    def __init__(
        self, database: Database, starter: Starter, clock: Callable[[Connection], datetime] = database_now, limits: Limits | None = None
    ) -> None:
        self._database, self._starter, self._clock, self._limits = database, starter, clock, limits or Limits()

    def look(self) -> None:
        """Consider what is due. Costs four reads where nothing is. After an error of the database, another look goes on."""
        with self._database.read() as connection:
            moment = self._clock(connection)
            noted = schedule_store.looked_at(connection)
            due = schedule_store.list_due(connection, moment, self._limits.schedules)
            waiting = firing_store.list_waiting(connection, self._limits.schedules)
            ready = [each for each in waiting if not running(connection, each.org_id, each.schedule_id)]
        if noted is None or abs(moment - noted) >= NOTED_EVERY:
            with self._database.transaction() as connection:
                schedule_store.note_look(connection, moment)
        for each in ready:
            self._start_waiting(each, moment, self._starter.verdict(each.org_id))
        left = self._limits.due_times
        for schedule in due:
            if left <= 0:
                break
            try:
                left -= 1 + len(self._consider(schedule, moment, self._starter.verdict(schedule.org_id)).settled)
            except Exception as error:
                # The others must go on. This one stays due, which the health check tells.
                _raise_unavailable(error)
                log.exception("a schedule could not be considered", schedule_id=schedule.id)

    def _consider(self, schedule: Schedule, moment: datetime, verdict: Verdict | None) -> Plan:
        """Write the due times of a schedule up to a moment, and start the one that runs."""
        if not schedule.enabled:
            verdict = PAUSED
        planned = plan(schedule, moment, verdict, self._limits.batch)
        try:
            with self._database.transaction() as connection:
                self._write(connection, schedule, planned, moment, None)
        except AlreadyFired:
            log.error("a due time was in the ledger before it was considered", schedule_id=schedule.id, due_at=planned.runs)
            with self._database.transaction() as connection:
                self._write(
                    connection, schedule, Plan(planned.settled, None, planned.considered_until, planned.next_due_at, True), moment, None
                )
        except Exception as error:
            if not isinstance(error, BellwetherError):
                _raise_unavailable(error)
                log.exception("a schedule could not be started", schedule_id=schedule.id, due_at=planned.runs)
            with self._database.transaction() as connection:
                self._write(connection, schedule, planned, moment, error)
        return planned

    def _write(self, connection: Connection, schedule: Schedule, planned: Plan, moment: datetime, refusal: Exception | None) -> None:
        """Write a plan, unless another has considered or changed the schedule meanwhile. A `refusal` is why its job cannot be queued."""
        considered = Considered(planned.considered_until, planned.next_due_at, planned.last_due_at)
        if not schedule_store.advance(connection, schedule, considered):
            return
        firing_store.insert(connection, schedule.org_id, planned.settled)
        firings = list(planned.settled)
        if planned.runs is not None:
            firing = (
                self._run(connection, schedule, planned.runs, moment)
                if refusal is None
                else refused_firing(schedule, planned.runs, refusal, moment)
            )
            if firing_store.insert(connection, schedule.org_id, [firing]) != 1:
                raise AlreadyFired
            firings.append(firing)
        _tell_missed(connection, schedule, planned.missed)
        firing_store.add_totals(connection, _counted(firings))

    def _run(self, connection: Connection, schedule: Schedule, due_at: datetime, moment: datetime) -> Firing:
        """Start a due time, or let it wait or be skipped because another firing is unfinished."""
        unfinished = running(connection, schedule.org_id, schedule.id)
        if unfinished or firing_store.has_waiting(connection, schedule.id):
            return _overlapping(connection, schedule, due_at, unfinished)
        return started_firing(schedule, due_at, self._starter.start(connection, schedule, due_at), moment)

    def _start_waiting(self, waiting: Waiting, moment: datetime, verdict: Verdict | None) -> None:
        """Start a firing that has waited for another one's end."""
        try:
            with self._database.transaction() as connection:
                self._replace_waiting(connection, waiting, moment, verdict, None)
        except Exception as error:
            if not isinstance(error, BellwetherError):
                _raise_unavailable(error)
                log.exception("a waiting schedule could not be started", schedule_id=waiting.schedule_id, due_at=waiting.due_at)
            with self._database.transaction() as connection:
                self._replace_waiting(connection, waiting, moment, verdict, error)

    def _replace_waiting(
        self, connection: Connection, waiting: Waiting, moment: datetime, verdict: Verdict | None, refusal: Exception | None
    ) -> None:
        schedule = schedule_store.find_to_change(connection, waiting.org_id, waiting.schedule_id)
        firing = firing_store.find(connection, waiting.schedule_id, waiting.due_at)
        if schedule is None or firing is None or firing.state is not FiringState.WAITING:
            return
        if running(connection, schedule.org_id, schedule.id):
            return
        if verdict is not None:
            new = Firing(schedule.id, firing.due_at, verdict.state, verdict.reason, verdict.message, firing.kind)
        elif refusal is not None:
            new = refused_firing(schedule, firing.due_at, refusal, moment, firing.kind)
        else:
            started = self._starter.start(connection, schedule, firing.due_at)
            new = started_firing(schedule, firing.due_at, started, moment, firing.kind)
            new = replace(new, reason=firing.reason, message=with_left_out(firing.message, started))
        firing_store.replace_firing(connection, new, FiringState.WAITING)
        firing_store.add_totals(connection, _counted([new]))


def _overlapping(connection: Connection, schedule: Schedule, due_at: datetime, unfinished: Sequence[Firing]) -> Firing:
    """At most one firing waits, beside those that are run again by request; a request must not cost a due time its turn."""
    if firing_store.has_waiting(connection, schedule.id):
        return Firing(schedule.id, due_at, FiringState.SKIPPED, Reason.OVERLAP, "Another firing waited already; one waits at a time.")
    former = f"The firing of {unfinished[0].due_at:%Y-%m-%d %H:%M} UTC had not ended."
    is_requested = all(firing.kind is FiringKind.BACKFILL for firing in unfinished)
    state = FiringState.WAITING if schedule.overlap is Overlap.QUEUE or is_requested else FiringState.SKIPPED
    return Firing(schedule.id, due_at, state, Reason.OVERLAP, former)


def _tell_missed(connection: Connection, schedule: Schedule, missed: Sequence[Firing]) -> None:
    """One event for those that are missed together: after an outage they may be thousands."""
    if not missed:
        return
    newest = missed[-1]
    data = {
        "schedule_id": schedule.id,
        "name": schedule.name,
        "due_at": newest.due_at,
        "reason": newest.reason,
        "count": len(missed),
        "first_due_at": missed[0].due_at,
    }
    event = NewEvent(EventType.SCHEDULE_MISSED, f"missed:{schedule.id}:{iso(newest.due_at)}", schedule.id, data)
    record(connection, schedule.org_id, [event])


def _counted(firings: Sequence[Firing]) -> Counter[FiringState]:
    return Counter(firing.state for firing in firings if firing.state is not FiringState.WAITING)


def _raise_unavailable(error: Exception) -> None:
    """Raise an error of the database that passes: the next look tries again."""
    if isinstance(error, SQLAlchemyError) and is_unavailable(error):
        raise error
