"""The tables `schedules` and `schedule_dispatcher`."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from models.schedule import Action, Overlap, Schedule, When
from utils.dialects import locking, of_listed
from utils.json_text import dump, parse_tolerant


@dataclass(frozen=True)
class Considered:
    """How far a schedule has been considered. A `last_due_at` of None leaves the stored one."""

    considered_until: datetime
    next_due_at: datetime | None
    last_due_at: datetime | None


_COLUMNS = (
    "id, org_id, name, cron, time_zone, calendar, after_close, action, params, catch_up, overlap, enabled, considered_until, last_due_at, "
    "next_due_at, version, created_at, created_by, changed_at, changed_by"
)
INSERT = text(
    f"""
    INSERT INTO schedules ({_COLUMNS})
    VALUES (:id, :org_id, :name, :cron, :time_zone, :calendar, :after_close, :action, :params, :catch_up, :overlap, :enabled,
        :considered_until, :last_due_at, :next_due_at, :version, :created_at, :created_by, :changed_at, :changed_by)
    ON CONFLICT (org_id, name) DO NOTHING
    """
)


def insert(connection: Connection, schedule: Schedule) -> bool:
    """Insert a schedule, unless its organization has one of that name; return whether it was inserted."""
    return connection.execute(INSERT, _values(schedule)).rowcount == 1


FIND = text(f"SELECT {_COLUMNS} FROM schedules WHERE org_id = :org_id AND id = :id")


def find(connection: AnyReader, org_id: int, schedule_id: str) -> Schedule | None:
    """The organization's schedule with this id, else None."""
    return _or_none(connection.execute(FIND, {"org_id": org_id, "id": schedule_id}).first())


KNOWN = of_listed("SELECT id FROM schedules WHERE org_id = :org_id AND id IN {ids}", "ids")


def known_ids(connection: AnyReader, org_id: int, ids: Collection[str]) -> set[str]:
    """Those of some ids that are schedules of an organization."""
    return {row[0] for row in connection.execute(KNOWN.on(connection), {"org_id": org_id, "ids": json.dumps(list(ids))})}


FIND_TO_CHANGE = locking(f"SELECT {_COLUMNS} FROM schedules WHERE org_id = :org_id AND id = :id {{lock}}", "FOR UPDATE")


def find_to_change(connection: Connection, org_id: int, schedule_id: str) -> Schedule | None:
    """Like `find`, and lock the schedule until the transaction ends: whatever changes its firings holds this lock."""
    return _or_none(connection.execute(FIND_TO_CHANGE.on(connection), {"org_id": org_id, "id": schedule_id}).first())


LIST = text(f"SELECT {_COLUMNS} FROM schedules WHERE org_id = :org_id AND name > :after ORDER BY name LIMIT :limit")


def list_schedules(connection: AnyReader, org_id: int, after: str, limit: int) -> list[Schedule]:
    """Up to `limit` schedules by name, after one."""
    return [_schedule(row) for row in connection.execute(LIST, {"org_id": org_id, "after": after, "limit": limit})]


COUNT = text("SELECT count(*) FROM schedules WHERE org_id = :org_id")


def count(connection: AnyReader, org_id: int) -> int:
    """How many schedules an organization has."""
    row = connection.execute(COUNT, {"org_id": org_id}).first()
    assert row is not None
    return int(row[0])


HAS_ANY = text("SELECT 1 FROM schedules LIMIT 1")


def has_any(connection: AnyReader) -> bool:
    """Whether any organization has a schedule."""
    return connection.execute(HAS_ANY, {}).first() is not None


# The newest first: a schedule that is far behind does not hold up those that are on time.
LIST_DUE = text(f"SELECT {_COLUMNS} FROM schedules WHERE next_due_at <= :moment ORDER BY next_due_at DESC LIMIT :limit")


def list_due(connection: AnyReader, moment: datetime, limit: int) -> list[Schedule]:
    """Up to `limit` schedules of any organization whose next due time has come, also those that are paused."""
    return [_schedule(row) for row in connection.execute(LIST_DUE, {"moment": moment, "limit": limit})]


COUNT_DUE = text("SELECT count(*) FROM schedules WHERE next_due_at <= :moment")


def count_due(connection: AnyReader, moment: datetime) -> int:
    """How many schedules were due by a moment and have not been considered."""
    row = connection.execute(COUNT_DUE, {"moment": moment}).first()
    assert row is not None
    return int(row[0])


ADVANCE = text(
    """
    UPDATE schedules
    SET considered_until = :considered_until, next_due_at = :next_due_at, last_due_at = COALESCE(:last_due_at, last_due_at)
    WHERE id = :id AND version = :version AND considered_until = :before
    """
)


def advance(connection: Connection, before: Schedule, considered: Considered) -> bool:
    """Move a schedule's due times forward, and lock it; return whether it still was as `before`."""
    values = {"id": before.id, "version": before.version, "before": before.considered_until, **vars(considered)}
    return connection.execute(ADVANCE, values).rowcount == 1


UPDATE = text(
    """
    UPDATE schedules
    SET name = :name, cron = :cron, time_zone = :time_zone, calendar = :calendar, after_close = :after_close, action = :action,
        params = :params, catch_up = :catch_up, overlap = :overlap, enabled = :enabled, considered_until = :considered_until,
        last_due_at = :last_due_at, next_due_at = :next_due_at, version = :version + 1, changed_at = :changed_at, changed_by = :changed_by
    WHERE id = :id AND org_id = :org_id AND version = :version
    """
)


def update(connection: Connection, schedule: Schedule) -> Schedule:
    """Store a locked schedule's fields; return it with its new version."""
    connection.execute(UPDATE, _values(schedule))
    return replace(schedule, version=schedule.version + 1)


HAS_NAME = text("SELECT 1 FROM schedules WHERE org_id = :org_id AND name = :name AND id <> :id")


def is_taken(connection: AnyReader, org_id: int, name: str, but: str) -> bool:
    """Whether another schedule of the organization has a name."""
    return connection.execute(HAS_NAME, {"org_id": org_id, "name": name, "id": but}).first() is not None


DELETE = text("DELETE FROM schedules WHERE org_id = :org_id AND id = :id")


def delete(connection: Connection, org_id: int, schedule_id: str) -> bool:
    """Delete a schedule without firings; return whether there was one."""
    return connection.execute(DELETE, {"org_id": org_id, "id": schedule_id}).rowcount == 1


LOOKED_AT = text("SELECT looked_at FROM schedule_dispatcher WHERE one = 1")


def looked_at(connection: AnyReader) -> datetime | None:
    """When a dispatcher last noted that it looks."""
    row = connection.execute(LOOKED_AT, {}).first()
    moment: datetime | None = None if row is None else row[0]
    return moment


STOP_ALL = text("UPDATE schedules SET enabled = FALSE, next_due_at = NULL WHERE org_id = :org_id AND (enabled OR next_due_at IS NOT NULL)")


def stop_all(connection: Connection, org_id: int) -> int:
    """Pause every schedule of an organization that is being removed; return how many were not."""
    return connection.execute(STOP_ALL, {"org_id": org_id}).rowcount


NOTE_LOOK = text("UPDATE schedule_dispatcher SET looked_at = :moment WHERE one = 1")


def note_look(connection: Connection, moment: datetime) -> None:
    """Note that a dispatcher looks."""
    connection.execute(NOTE_LOOK, {"moment": moment})


def _values(schedule: Schedule) -> dict[str, Any]:
    fields = {name: value for name, value in vars(schedule).items() if name != "when"}
    return {
        **fields,
        **vars(schedule.when),
        "params": dump(schedule.params).decode(),
        "action": str(schedule.action),
        "overlap": str(schedule.overlap),
    }


def _or_none(row: Sequence[Any] | None) -> Schedule | None:
    return None if row is None else _schedule(row)


def _schedule(row: Sequence[Any]) -> Schedule:
    schedule_id, org_id, name, cron, time_zone, calendar, after_close, action, params, catch_up, overlap, enabled, *rest = row
    when = When(cron, time_zone, calendar, after_close)
    return Schedule(
        schedule_id, org_id, name, when, Action(action), parse_tolerant(params), catch_up, Overlap(overlap), bool(enabled), *rest
    )
