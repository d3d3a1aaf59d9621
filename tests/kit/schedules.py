"""Helpers of the tests of schedules: capabilities that note what they start, a clock to be set, and the ledger as it is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

import database
from api.application import Application
from api.schemas import Body
from config import Settings
from features.schedules import service
from features.schedules.dispatcher import Dispatcher, Limits
from features.schedules.feature import FEATURE
from features.schedules.service import Author
from features.schedules.starting import Starter
from infrastructure.capability import Call, Capability, Started, Starts
from infrastructure.feature import Feature
from infrastructure.flags import FeatureFlags
from infrastructure.foundation import Foundation
from jobs.service import enqueue
from jobs.wakeup import NoWakeup
from kit.support import settings_for
from kit.trial import TABLE, new_trial
from models.schedule import Action, NewSchedule, Overlap, Schedule, When
from models.universe import UniverseNotFound
from utils.ids import new_id

ORG = 1
START = datetime(2026, 1, 1, tzinfo=UTC)
NOTE = text("INSERT INTO trial_results (id, org_id, key, score) VALUES (:id, :org_id, :key, 0)")
NOTES = text("SELECT key FROM trial_results WHERE key LIKE 'schedule:%' ORDER BY key")
LEDGER = text("SELECT due_at, state, reason, job_id, kind FROM schedule_firings WHERE schedule_id = :id ORDER BY due_at")
MISSED_EVENTS = text("SELECT data FROM events WHERE type = 'schedule.missed' ORDER BY id")


class Inputs(Body):
    """What the capabilities of these tests take."""

    universe: str = "all"
    strategy: str | None = None


def note_start(connection: Connection, call: Call, inputs: Inputs) -> Started:
    """Note the call. Its job is one that has been removed already, so it overlaps with nothing."""
    if inputs.universe == "gone":
        raise UniverseNotFound("gone", [])
    if inputs.universe == "broken":
        raise ZeroDivisionError
    connection.execute(NOTE, {"id": new_id(), "org_id": call.org_id, "key": call.key})
    return Started(new_id())


def queue_job(connection: Connection, call: Call, inputs: Inputs) -> Started:
    """Queue a job that somebody must run."""
    note_start(connection, call, inputs)
    return Started(enqueue(connection, call.org_id, new_trial(["A", "B"])).job.id)


def _capability(name: str, start: Callable[[Connection, Call, Any], Started]) -> Capability:
    return Capability(name, "For tests.", Inputs, Starts(start, lambda *_: None))


OFFERED = Feature("offered", capabilities=lambda _: (_capability("refresh", note_start), _capability("bulk_analyse", queue_job)))


def foundation_of(settings: Settings) -> Foundation:
    """A foundation whose capabilities are those of these tests, on this process's database. It makes their table."""
    features = (FEATURE, OFFERED)
    opened = database.current()
    with opened.transaction() as connection:
        connection.exec_driver_sql(TABLE)
    return Foundation(settings, opened, FeatureFlags(opened, [flag for feature in features for flag in feature.flags], 0.0), features)


def offer(app: Application) -> Foundation:
    """Let an application do what these tests offer."""
    foundation = foundation_of(app.services.settings)
    app.services = replace(app.services, foundation=foundation)
    return foundation


class Clock:
    """A clock that is set by hand."""

    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment

    def __call__(self, _: Connection) -> datetime:
        return self.moment

    def forward(self, **span: float) -> None:
        self.moment += timedelta(**span)


class Site:
    """Schedules on this process's database, with a dispatcher and its clock."""

    def __init__(self, url: str, folder: Path, limits: Limits | None = None) -> None:
        self.clock = Clock()
        self.foundation = foundation_of(settings_for(url, folder))
        self.starter = Starter(self.foundation, NoWakeup())
        self.dispatcher = Dispatcher(self.foundation.database, self.starter, self.clock, limits)

    def schedule(self, when: When, org_id: int = ORG, **more: Any) -> Schedule:
        """A schedule that refreshes, unless told otherwise."""
        values = {"name": new_id(), "action": Action.REFRESH, "params": {}, "catch_up": 3_600, "overlap": Overlap.SKIP, **more}
        with self.foundation.database.transaction() as connection:
            return service.create(connection, org_id, NewSchedule(when=when, **values), self.starter, self.by())

    def by(self) -> Author:
        return Author("tester", self.clock.moment)

    def change(self, schedule: Schedule, **changes: Any) -> Schedule:
        with self.foundation.database.transaction() as connection:
            return service.change(connection, (ORG, schedule.id), service.Changes(**changes), self.starter, self.by())

    def look(self, **forward: float) -> None:
        """Let time pass, then look once."""
        self.clock.forward(**forward)
        self.dispatcher.look()

    def look_until_done(self) -> int:
        """Look until nothing is due. Returns the number of looks."""
        looks = 0
        while has_due(self.clock.moment):
            self.dispatcher.look()
            looks += 1
        return looks


def has_due(moment: datetime) -> bool:
    """Whether a schedule is due."""
    with database.read() as connection:
        statement = text("SELECT count(*) FROM schedules WHERE next_due_at <= :moment")
        return bool(connection.execute(statement, {"moment": moment}).scalar_one())


def ledger(schedule: Schedule) -> list[tuple[datetime, str, str | None]]:
    """The due times of a schedule, each with its state and reason."""
    with database.read() as connection:
        return [(due, state, reason) for due, state, reason, *_ in connection.execute(LEDGER, {"id": schedule.id})]


def states(schedule: Schedule) -> list[str]:
    """The states of the firings of a schedule by due time."""
    return [state for _, state, _ in ledger(schedule)]


def started_keys() -> list[str]:
    """The keys of all calls that started something."""
    with database.read() as connection:
        return [row[0] for row in connection.execute(NOTES)]


def local(text_: str, zone: Any) -> datetime:
    """A local time in UTC."""
    return datetime.fromisoformat(text_).replace(tzinfo=zone).astimezone(UTC)


def utc(moments: Sequence[str]) -> list[datetime]:
    """Moments written as `2026-03-08 07:00`."""
    return [datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in moments]
