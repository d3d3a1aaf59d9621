"""The tables `schedule_firings` and `schedule_totals`: the ledger, and how many of its rows came to each state."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.schedule import Firing, FiringKind, FiringState
from utils.dialects import Variants, execute_rows, many_rows

_COLUMNS = "schedule_id, due_at, state, reason, message, kind, job_id, run_id, started_at, finished_at"
_NEW = {
    "schedule_id": "text",
    "due_at": "timestamptz",
    "org_id": "bigint",
    "state": "text",
    "reason": "text",
    "message": "text",
    "kind": "text",
    "job_id": "text",
    "run_id": "text",
    "started_at": "timestamptz",
    "finished_at": "timestamptz",
}
INSERT = many_rows("INSERT INTO schedule_firings", _NEW, "ON CONFLICT (schedule_id, due_at) DO NOTHING")
END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


def insert(connection: Connection, org_id: int, firings: Sequence[Firing]) -> int:
    """Insert firings, except those whose due time is in the ledger; return how many were inserted."""
    return execute_rows(connection, INSERT, [{"org_id": org_id, **_values(firing)} for firing in firings])


FIND = text(f"SELECT {_COLUMNS} FROM schedule_firings WHERE schedule_id = :schedule_id AND due_at = :due_at")


def find(connection: AnyReader, schedule_id: str, due_at: datetime) -> Firing | None:
    """The firing of a due time, else None."""
    row = connection.execute(FIND, {"schedule_id": schedule_id, "due_at": due_at}).first()
    return None if row is None else _firing(row)


FIND_MANY = text(f"SELECT {_COLUMNS} FROM schedule_firings WHERE schedule_id = :schedule_id AND due_at IN :due").bindparams(
    bindparam("due", expanding=True)
)


def find_many(connection: AnyReader, schedule_id: str, due: Collection[datetime]) -> dict[datetime, Firing]:
    """The firings of some due times, by these."""
    found = connection.execute(FIND_MANY, {"schedule_id": schedule_id, "due": list(due)}) if due else ()
    return {firing.due_at: firing for firing in map(_firing, found)}


LIST = text(
    f"SELECT {_COLUMNS} FROM schedule_firings WHERE schedule_id = :schedule_id AND due_at < :before ORDER BY due_at DESC LIMIT :limit"
)
LIST_OF_STATE = text(
    f"""
    SELECT {_COLUMNS}
    FROM schedule_firings
    WHERE schedule_id = :schedule_id AND state = :state AND due_at < :before
    ORDER BY due_at DESC
    LIMIT :limit
    """
)


def list_firings(connection: AnyReader, schedule_id: str, state: str | None, before: datetime | None, limit: int) -> list[Firing]:
    """Up to `limit` firings of a schedule, of one state or of all, newest first; with `before`, only those due earlier."""
    values = {"schedule_id": schedule_id, "before": before or END_OF_TIME, "limit": limit}
    rows = connection.execute(LIST, values) if state is None else connection.execute(LIST_OF_STATE, {**values, "state": state})
    return [_firing(row) for row in rows]


@dataclass(frozen=True)
class DayCount:
    """How many firings of a schedule that were due on a day, in UTC, are in a state."""

    schedule_id: str
    day: date
    state: FiringState
    firings: int


_BY_DAY = """
    SELECT schedule_id, {day}, state, count(*)
    FROM schedule_firings
    WHERE org_id = :org_id AND due_at >= :since AND due_at < :until
    GROUP BY schedule_id, {day}, state
    ORDER BY schedule_id, {day}, state
    """
COUNT_BY_DAY = Variants(
    _BY_DAY.replace("{day}", "substr(due_at, 1, 10)"), _BY_DAY.replace("{day}", "CAST(due_at AT TIME ZONE 'UTC' AS DATE)")
)


def count_by_day(connection: Connection, org_id: int, since: datetime, until: datetime) -> list[DayCount]:
    """The firings of an organization that were due in a period, by schedule, day and state."""
    rows = connection.execute(COUNT_BY_DAY.on(connection), {"org_id": org_id, "since": since, "until": until})
    return [DayCount(schedule_id, _day(day), FiringState(state), firings) for schedule_id, day, state, firings in rows]


LIST_RUNNING = text(
    f"""
    SELECT {_COLUMNS}
    FROM schedule_firings
    WHERE schedule_id = :schedule_id AND state IN ('fired', 'late') AND finished_at IS NULL
    ORDER BY due_at
    """
)


def list_running(connection: AnyReader, schedule_id: str) -> list[Firing]:
    """The firings of a schedule whose jobs are not known to have ended."""
    return [_firing(row) for row in connection.execute(LIST_RUNNING, {"schedule_id": schedule_id})]


LIST_ALL_RUNNING = text(
    f"""
    SELECT org_id, {_COLUMNS}
    FROM schedule_firings
    WHERE state IN ('fired', 'late') AND finished_at IS NULL AND job_id > :after
    ORDER BY job_id
    LIMIT :limit
    """
)


def list_all_running(connection: AnyReader, after: str, limit: int) -> list[tuple[int, Firing]]:
    """Up to `limit` of such firings of all schedules by their jobs, after one, each with its organization."""
    return [(row[0], _firing(row[1:])) for row in connection.execute(LIST_ALL_RUNNING, {"after": after, "limit": limit})]


COUNT_WAITING = text("SELECT count(*) FROM schedule_firings WHERE schedule_id = :schedule_id AND state = 'waiting' AND kind <> 'backfill'")


def has_waiting(connection: AnyReader, schedule_id: str) -> bool:
    """Whether a firing of a schedule waits that is not a backfill."""
    row = connection.execute(COUNT_WAITING, {"schedule_id": schedule_id}).first()
    return row is not None and row[0] > 0


LIST_WAITING = text(
    """
    SELECT org_id, schedule_id, min(due_at)
    FROM schedule_firings
    WHERE state = 'waiting'
    GROUP BY org_id, schedule_id
    ORDER BY min(due_at)
    LIMIT :limit
    """
)


@dataclass(frozen=True)
class Waiting:
    """The first firing of a schedule that waits."""

    org_id: int
    schedule_id: str
    due_at: datetime


def list_waiting(connection: AnyReader, limit: int) -> list[Waiting]:
    """The first waiting firing of each schedule that has one."""
    return [Waiting(org_id, schedule_id, _moment(due)) for org_id, schedule_id, due in connection.execute(LIST_WAITING, {"limit": limit})]


REPLACE = text(
    """
    UPDATE schedule_firings
    SET state = :state, reason = :reason, message = :message, kind = :kind, job_id = :job_id, run_id = :run_id, started_at = :started_at,
        finished_at = :finished_at
    WHERE schedule_id = :schedule_id AND due_at = :due_at AND state = :before
    """
)


def replace_firing(connection: Connection, firing: Firing, before: FiringState) -> bool:
    """Store a firing in place of the one of its due time, if that is in the state `before`; return whether it was."""
    return connection.execute(REPLACE, {**_values(firing), "before": str(before)}).rowcount == 1


SKIP_WAITING = text(
    """
    UPDATE schedule_firings SET state = 'skipped', reason = :reason, message = :message
    WHERE schedule_id = :schedule_id AND state = 'waiting'
    """
)


def skip_waiting(connection: Connection, schedule_id: str, reason: str, message: str) -> int:
    """Give up the firings of a schedule that wait; return how many."""
    skipped: int = connection.execute(SKIP_WAITING, {"schedule_id": schedule_id, "reason": reason, "message": message}).rowcount
    return skipped


SKIP_ALL_WAITING = text(
    """
    UPDATE schedule_firings SET state = 'skipped', reason = :reason, message = :message
    WHERE org_id = :org_id AND state = 'waiting'
    """
)


def skip_all_waiting(connection: Connection, org_id: int, reason: str, message: str) -> None:
    """Give up the firings of an organization that wait."""
    connection.execute(SKIP_ALL_WAITING, {"org_id": org_id, "reason": reason, "message": message})


_FINISH = """
    UPDATE schedule_firings
    SET finished_at = :finished_at, state = COALESCE(:state, state), reason = COALESCE(:reason, reason),
        message = COALESCE(:message, message)
    WHERE org_id = :org_id AND state IN ('fired', 'late') AND finished_at IS NULL
"""
FINISH = text(f"{_FINISH} AND job_id = :id AND run_id IS NULL")
FINISH_RUN = text(f"{_FINISH} AND run_id = :id")


@dataclass(frozen=True)
class Ending:
    """How a job ended. What is None stays as it was when the firing began."""

    finished_at: datetime
    state: FiringState | None = None
    reason: str | None = None
    message: str | None = None


def finish(connection: Connection, org_id: int, job_id: str, ending: Ending) -> int:
    """Note the end of a job at the firings that wait for it; return at how many. Firings of pipelines wait for their run."""
    ended: int = connection.execute(FINISH, _ending_values(org_id, job_id, ending)).rowcount
    return ended


def finish_run(connection: Connection, org_id: int, run_id: str, ending: Ending) -> int:
    """Note the end of a pipeline's run at its firing; return at how many."""
    ended: int = connection.execute(FINISH_RUN, _ending_values(org_id, run_id, ending)).rowcount
    return ended


def _ending_values(org_id: int, ended_id: str, ending: Ending) -> dict[str, Any]:
    return {**vars(ending), "state": None if ending.state is None else str(ending.state), "id": ended_id, "org_id": org_id}


DELETE_OF_SCHEDULE = text(
    """
    DELETE FROM schedule_firings
    WHERE schedule_id = :schedule_id AND due_at IN (SELECT due_at FROM schedule_firings WHERE schedule_id = :schedule_id LIMIT :limit)
    """
)


def delete_some(connection: Connection, schedule_id: str, limit: int) -> int:
    """Delete up to `limit` firings of a schedule; return how many."""
    deleted: int = connection.execute(DELETE_OF_SCHEDULE, {"schedule_id": schedule_id, "limit": limit}).rowcount
    return deleted


DELETE_OLD = text(
    """
    DELETE FROM schedule_firings
    WHERE (schedule_id, due_at) IN (
        SELECT schedule_id, due_at FROM schedule_firings WHERE due_at < :before AND state <> 'waiting' ORDER BY due_at LIMIT :limit
    )
    """
)


def delete_old(connection: Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` firings that were due before a moment; return how many."""
    deleted: int = connection.execute(DELETE_OLD, {"before": before, "limit": limit}).rowcount
    return deleted


_TOTAL = {"state": "text", "firings": "bigint"}
ADD_TOTALS = many_rows(
    "INSERT INTO schedule_totals", _TOTAL, "ON CONFLICT (state) DO UPDATE SET firings = schedule_totals.firings + excluded.firings"
)


def add_totals(connection: Connection, counts: Mapping[FiringState, int]) -> None:
    """Count firings that came to a state. The last statement of a transaction: all of them write these rows."""
    execute_rows(connection, ADD_TOTALS, [{"state": str(state), "firings": counts[state]} for state in sorted(counts) if counts[state]])


TOTALS = text("SELECT state, firings FROM schedule_totals")


def read_totals(connection: AnyReader) -> dict[str, int]:
    """How many firings have come to each state."""
    return dict(row for row in map(tuple, connection.execute(TOTALS, {})))


def _values(firing: Firing) -> dict[str, Any]:
    return {**vars(firing), "state": str(firing.state), "kind": str(firing.kind)}


def _firing(row: Sequence[Any]) -> Firing:
    schedule_id, due_at, state, reason, message, kind, *rest = row
    return Firing(schedule_id, due_at, FiringState(state), reason, message, FiringKind(kind), *rest)


def _moment(value: datetime | str) -> datetime:
    """SQLite keeps no type of what an aggregate returns."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
