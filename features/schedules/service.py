"""Schedules: make, change, pause and delete them, run one by hand, and run again what was missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from database import AnyReader, Database
from features.portfolios import service as portfolios
from features.schedules.due_times import checked_after_close, checked_calendar, checked_cron, checked_zone, due_after, due_between
from features.schedules.ledger import running
from features.schedules.planning import BATCH, EDITED, PAUSED, Verdict, plan
from features.schedules.starting import Starter, started_firing
from features.schedules.store import firing as firing_store
from features.schedules.store import schedule as schedule_store
from features.schedules.store.firing import DayCount
from features.strategies import service as strategies
from infrastructure.audit import note
from infrastructure.sql.batches import ROWS
from infrastructure.sql.database_clock import database_now
from models.own_strategy import StrategyArchived, StrategyUnknown
from models.schedule import Action, Firing, FiringKind, FiringState, NewSchedule, Overlap, Reason, Schedule, ScheduleFault, When
from models.schedule_errors import (
    InvalidSchedule,
    ScheduleBehind,
    ScheduleChanged,
    ScheduleExists,
    ScheduleNotFound,
    StillRunning,
    TooManySchedules,
)
from models.universe import portfolio_id_of
from utils.ids import is_id, new_id
from utils.json_text import dump

__all__ = [
    "Author", "Changes", "Starter", "Told", "author", "backfill", "change", "checked", "count_by_day", "create", "delete", "find",
    "list_firings", "list_schedules", "next_times", "run", "tell",
]  # fmt: skip

MOST_SCHEDULES = 1_000  # of an organization
MOST_BACKFILLED = 100  # due times of one request
LONGEST_BACKFILL = timedelta(days=366)
NEVER_RAN = (FiringState.MISSED, FiringState.SKIPPED, FiringState.FAILED)
NEVER_DUE = "There is no due time in the next fifty years."
Key = tuple[int, str]  # an organization, and the id of a schedule


@dataclass(frozen=True)
class Author:
    """Who changes a schedule, and the moment by the database's clock."""

    actor_id: str | None
    moment: datetime


def author(connection: Connection, actor_id: str | None) -> Author:
    """An author who changes something now."""
    return Author(actor_id, database_now(connection))


def find(connection: AnyReader, org_id: int, schedule_id: str) -> Schedule:
    """The organization's schedule with this id. Raises ScheduleNotFound."""
    return _found(schedule_id, schedule_store.find(connection, org_id, schedule_id) if is_id(schedule_id) else None)


@dataclass(frozen=True)
class Told:
    """What a schedule names and is gone, and the names of the portfolios whose holdings schedules work on, by id."""

    faults: Sequence[ScheduleFault] = ()
    names: Mapping[str, str] = field(default_factory=dict)


def tell(connection: Connection, org_id: int, schedules: Sequence[Schedule], starter: Starter) -> list[Told]:
    """What is to be told of schedules of an organization, one after the other; what several name alike is looked up once."""
    universes = (schedule.params.get("universe") for schedule in schedules)
    ids = {one for universe in universes if isinstance(universe, str) and (one := portfolio_id_of(universe))}
    names = portfolios.names_of(connection, org_id, ids)
    found: dict[bytes, list[ScheduleFault]] = {}
    told = []
    for schedule in schedules:
        key = dump([schedule.action, schedule.params])
        if key not in found:
            found[key] = starter.faults(connection, schedule)
        told.append(Told(found[key], names))
    return told


def create(connection: Connection, org_id: int, new: NewSchedule, starter: Starter, by: Author) -> Schedule:
    """Store a schedule. Its first due time is the first one after now.

    Raises InvalidSchedule, ActionNotOffered, ScheduleExists or TooManySchedules.
    """
    when = checked(new.when)
    starter.checked(new.action, new.params)
    _require_strategy(connection, org_id, new.params)
    starter.require_named(connection, org_id, new.action, new.params)
    if schedule_store.count(connection, org_id) >= MOST_SCHEDULES:
        raise TooManySchedules(MOST_SCHEDULES)
    schedule = Schedule(
        id=new_id(),
        org_id=org_id,
        name=new.name,
        when=when,
        action=new.action,
        params=new.params,
        catch_up=new.catch_up,
        overlap=new.overlap,
        enabled=new.enabled,
        considered_until=by.moment,
        last_due_at=None,
        next_due_at=_first_after(when, by.moment),
        version=1,
        created_at=by.moment,
        created_by=by.actor_id,
        changed_at=by.moment,
        changed_by=by.actor_id,
    )
    if not schedule_store.insert(connection, schedule):
        raise ScheduleExists(new.name)
    return schedule


def _require_strategy(connection: Connection, org_id: int, params: Mapping[str, Any]) -> None:
    """Raise InvalidSchedule where the action's strategy is unknown or archived."""
    strategy = params.get("strategy")
    if isinstance(strategy, str):
        try:
            strategies.find_each(connection, org_id, [strategy])
        except (StrategyUnknown, StrategyArchived) as error:
            raise InvalidSchedule("params.strategy", str(error)) from error


@dataclass(frozen=True)
class Changes:
    """Changes of a schedule; what is None stays. `version` is the one that the schedule must be at."""

    name: str | None = None
    when: When | None = None
    action: Action | None = None
    params: dict[str, Any] | None = None
    catch_up: int | None = None
    overlap: Overlap | None = None
    enabled: bool | None = None
    version: int | None = None

    def applied(self, schedule: Schedule) -> Schedule:
        """The schedule with these changes."""
        fields = ("name", "action", "params", "catch_up", "overlap", "enabled")
        changed = {name: getattr(self, name) for name in fields if getattr(self, name) is not None}
        return replace(schedule, when=schedule.when if self.when is None else merged(schedule.when, self.when), **changed)


def change(connection: Connection, schedule: Key, changes: Changes, starter: Starter, by: Author) -> Schedule:
    """Change a schedule, given its organization and id. The due times of its new times begin now: nothing of their past is fired.

    Raises ScheduleNotFound, ScheduleChanged, ScheduleBehind, ScheduleExists, InvalidSchedule or ActionNotOffered.
    """
    stored = _find_to_change(connection, schedule)
    if changes.version is not None and changes.version != stored.version:
        raise ScheduleChanged
    changed = changes.applied(stored)
    changed = replace(changed, when=checked(changed.when))
    starter.checked(changed.action, changed.params)
    if (changed.action, changed.params) != (stored.action, stored.params):
        _require_strategy(connection, stored.org_id, changed.params)
        starter.require_named(connection, stored.org_id, changed.action, changed.params)
    if changed.name != stored.name and schedule_store.is_taken(connection, stored.org_id, changed.name, stored.id):
        raise ScheduleExists(changed.name)
    if changed.when != stored.when or changed.enabled != stored.enabled:
        is_paused = not stored.enabled or not changed.enabled
        changed = _restarted(connection, stored, changed, PAUSED if is_paused else EDITED, by.moment)
    return schedule_store.update(connection, replace(changed, changed_at=by.moment, changed_by=by.actor_id))


def delete(database: Database, org_id: int, schedule_id: str) -> None:
    """Delete a schedule with its part of the ledger, in small transactions. A job that it has queued goes on. Raises ScheduleNotFound.

    The last transaction deletes the schedule, so it is the one that the audit log tells of.
    """
    with database.bookkeeping() as connection:
        stored = _find_to_change(connection, (org_id, schedule_id))
        # It must not be dispatched meanwhile.
        schedule_store.update(connection, replace(stored, enabled=False, next_due_at=None))
    while True:
        with database.bookkeeping() as connection:
            if firing_store.delete_some(connection, schedule_id, ROWS) < ROWS:
                break
    with database.transaction() as connection:
        _find_to_change(connection, (org_id, schedule_id))
        firing_store.delete_some(connection, schedule_id, ROWS)  # what was run by hand meanwhile
        schedule_store.delete(connection, org_id, schedule_id)
        note(connection, before=stored)


def next_times(when: When, moment: datetime, count: int) -> list[datetime]:
    """The next due times after a moment, whether the schedule is paused or not."""
    return list(islice(due_after(when, moment), count))


def run(connection: Connection, schedule: Key, starter: Starter, moment: datetime) -> Firing:
    """Run a schedule now, also a paused one. While a former firing is unfinished, it waits or is refused, as `overlap` says.

    Raises ScheduleNotFound, StillRunning, FeatureDisabled, or what the action is refused for.
    """
    org_id, schedule_id = schedule
    starter.require_on(org_id)
    stored = _find_to_change(connection, schedule)
    due_at = _own_moment(moment)
    unfinished = running(connection, org_id, schedule_id)
    is_waiting = firing_store.has_waiting(connection, schedule_id)
    if unfinished or is_waiting:
        if stored.overlap is Overlap.SKIP or is_waiting:
            former = unfinished[0] if unfinished else None
            raise StillRunning(former.due_at if former else due_at, former.job_id if former else None)
        message = f"The firing of {unfinished[0].due_at:%Y-%m-%d %H:%M} UTC had not ended."
        firing = Firing(schedule_id, due_at, FiringState.WAITING, Reason.OVERLAP, message, FiringKind.MANUAL)
    else:
        started = starter.start(connection, stored, due_at)
        firing = started_firing(stored, due_at, started, moment, FiringKind.MANUAL)
        firing_store.add_totals(connection, {firing.state: 1})
    firing_store.insert(connection, org_id, [firing])
    return firing


def backfill(connection: Connection, schedule: Key, period: tuple[datetime, datetime], moment: datetime) -> list[Firing]:
    """Let the due times of a period run that never ran, one after the other, the oldest first.

    Those are the missed and the skipped ones, those that could not be started, and those from before the schedule was made. Raises
    ScheduleNotFound, ScheduleBehind, or InvalidSchedule for a period that has not passed, or with more than MOST_BACKFILLED due times.
    """
    (org_id, schedule_id), (since, until) = schedule, period
    stored = _find_to_change(connection, schedule)
    _check_period(since, until, moment)
    if stored.next_due_at is not None and stored.next_due_at <= until:
        raise ScheduleBehind
    due = list(islice(due_between(stored.when, since - timedelta(microseconds=1), until), BATCH + 1))
    known = firing_store.find_many(connection, schedule_id, due)
    wanted = [each for each in due if each not in known or (known[each].state in NEVER_RAN and known[each].job_id is None)]
    if len(due) > BATCH or len(wanted) > MOST_BACKFILLED:
        raise InvalidSchedule("to", f"At most {MOST_BACKFILLED} due times can be run again at once; this period has more. Make it shorter.")
    firings = [_backfilled(schedule_id, each, known.get(each)) for each in wanted]
    for firing in firings:
        before = known.get(firing.due_at)
        if before is None:
            firing_store.insert(connection, org_id, [firing])
        else:
            firing_store.replace_firing(connection, firing, before.state)
    return firings


def checked(when: When) -> When:
    """When a schedule is due, in its one form. Raises InvalidSchedule for what is neither or both, or can never come."""
    if (when.cron is None) == (when.calendar is None):
        raise InvalidSchedule("cron", "Give either cron with time_zone, or calendar with after_close.")
    if when.cron is not None and when.after_close is not None:
        raise InvalidSchedule("after_close", "after_close goes with calendar; with cron, the expression says the time.")
    if when.calendar is not None and when.time_zone is not None:
        raise InvalidSchedule("time_zone", "time_zone goes with cron; a calendar is in the time zone of its exchange.")
    field = "cron"
    try:
        if when.cron is not None:
            cron = checked_cron(when.cron)
            field = "time_zone"
            return When(cron, checked_zone(when.time_zone or "UTC"))
        field = "calendar"
        calendar = checked_calendar(when.calendar or "")
        field = "after_close"
        return When(calendar=calendar, after_close=checked_after_close(when.after_close or "00:00"))
    except ValueError as error:
        raise InvalidSchedule(field, f"{str(error)[:1].upper()}{str(error)[1:]}.") from error


def merged(stored: When, changes: When) -> When:
    """When a schedule is due after a change of some of its fields: one of the other form leaves the stored form."""
    if changes.cron is not None and changes.calendar is not None:
        return changes
    if changes.cron is not None:
        return replace(changes, time_zone=changes.time_zone or stored.time_zone)
    if changes.calendar is not None:
        return replace(changes, after_close=changes.after_close or stored.after_close)
    return When(
        stored.cron,
        changes.time_zone or stored.time_zone,
        stored.calendar,
        stored.after_close if changes.after_close is None else changes.after_close,
    )


def _restarted(connection: Connection, stored: Schedule, changed: Schedule, verdict: Verdict, moment: datetime) -> Schedule:
    """The schedule with due times from now on. Those that have passed are noted by the old times, and none runs."""
    planned = plan(stored, moment, verdict)
    if not planned.is_whole:
        raise ScheduleBehind
    firing_store.insert(connection, stored.org_id, planned.settled)
    counts = {verdict.state: len(planned.settled)}
    if not changed.enabled:
        counts[FiringState.SKIPPED] = counts.get(FiringState.SKIPPED, 0) + firing_store.skip_waiting(
            connection, stored.id, PAUSED.reason, PAUSED.message
        )
    firing_store.add_totals(connection, counts)
    return replace(
        changed,
        considered_until=moment,
        last_due_at=planned.last_due_at or stored.last_due_at,
        next_due_at=_first_after(changed.when, moment),
    )


def _first_after(when: When, moment: datetime) -> datetime:
    first = next(due_after(when, moment), None)
    if first is None:
        raise InvalidSchedule("cron", NEVER_DUE)
    return first


def _backfilled(schedule_id: str, due_at: datetime, before: Firing | None) -> Firing:
    message = "It ran again by request; it had no entry." if before is None else f"It ran again by request; it was {before.state}."
    return Firing(schedule_id, due_at, FiringState.WAITING, before.reason if before is not None else None, message, FiringKind.BACKFILL)


def _check_period(since: datetime, until: datetime, moment: datetime) -> None:
    if until < since:
        raise InvalidSchedule("to", "It lies before from.")
    if until > moment:
        raise InvalidSchedule("to", "It lies in the future; only what has passed can be run again.")
    if until - since > LONGEST_BACKFILL:
        raise InvalidSchedule("from", f"At most {LONGEST_BACKFILL.days} days can be looked through at once.")


def _own_moment(moment: datetime) -> datetime:
    """A moment that is no due time: those are whole seconds."""
    return moment if moment.microsecond else moment.replace(microsecond=1)


def _find_to_change(connection: Connection, schedule: Key) -> Schedule:
    org_id, schedule_id = schedule
    return _found(schedule_id, schedule_store.find_to_change(connection, org_id, schedule_id) if is_id(schedule_id) else None)


def _found(schedule_id: str, schedule: Schedule | None) -> Schedule:
    if schedule is None:
        raise ScheduleNotFound(schedule_id)
    return schedule


def list_schedules(connection: AnyReader, org_id: int, after: str, limit: int) -> Sequence[Schedule]:
    """Up to `limit` schedules by name, after one."""
    return schedule_store.list_schedules(connection, org_id, after, limit)


def list_firings(connection: AnyReader, schedule: Key, state: FiringState | None, before: datetime | None, limit: int) -> list[Firing]:
    """Up to `limit` firings of a schedule, given its organization and id, newest first. Raises ScheduleNotFound."""
    found = find(connection, *schedule)
    return firing_store.list_firings(connection, found.id, state, before, limit)


def count_by_day(connection: Connection, org_id: int, since: datetime, until: datetime) -> list[DayCount]:
    """The firings of an organization that were due in a period, by schedule, day and state."""
    return firing_store.count_by_day(connection, org_id, since, until)
