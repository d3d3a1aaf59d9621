"""Suggestions: what people do by hand at the same time of several days, as a workflow that could do it.

Nothing is guessed: each detector is a rule, and says what it has counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from database import AnyReader
from features.pipelines import workflows
from features.pipelines.runs import Starter
from features.pipelines.store import workflow as workflow_store
from features.pipelines.workflows import Order
from jobs import service as jobs
from models.pipeline_errors import Invalid, PipelineNotFound
from models.workflow import Suggestion, SuggestionNotFound, Workflow
from utils.clock import now
from utils.json_text import dump, parse_tolerant

DAYS_BACK = 21
WEEKDAYS_NEEDED = 5  # one after the other
SPREAD = timedelta(minutes=45)  # from the usual time of the day
MOST_READ = 1_000
FRIDAY = 4
ANALYSIS, DIGEST = "bulk_analysis", "evening_digest"


@dataclass(frozen=True)
class Done:
    """Something that was done by hand: what, and when."""

    what: str  # the same for what is the same work
    at: datetime


@dataclass(frozen=True)
class Habit:
    """The same work on weekdays one after the other, about the same time."""

    what: str
    days: tuple[date, ...]
    minute: int  # of the day, in UTC


def habits(done: Iterable[Done]) -> list[Habit]:
    """The habits among what was done, each with its longest and newest row of weekdays."""
    by_work: dict[str, list[datetime]] = defaultdict(list)
    for each in done:
        by_work[each.what].append(each.at)
    found = (_habit(what, moments) for what, moments in sorted(by_work.items()))
    return [habit for habit in found if habit is not None]


def _habit(what: str, moments: Sequence[datetime]) -> Habit | None:
    minutes = sorted(moment.hour * 60 + moment.minute for moment in moments)
    usual = minutes[len(minutes) // 2]
    near = {moment.date() for moment in moments if abs(moment.hour * 60 + moment.minute - usual) <= SPREAD.total_seconds() / 60}
    longest: list[date] = []
    for day in sorted(day for day in near if day.weekday() <= FRIDAY):
        row = [*longest, day] if longest and day == _next_weekday(longest[-1]) else [day]
        longest = row if len(row) >= len(longest) or len(longest) < WEEKDAYS_NEEDED else longest
    return Habit(what, tuple(longest), usual) if len(longest) >= WEEKDAYS_NEEDED else None


def _next_weekday(day: date) -> date:
    return day + timedelta(days=3 if day.weekday() == FRIDAY else 1)


def list_suggestions(connection: Connection, starter: Starter, org_id: int, moment: datetime | None = None) -> list[Suggestion]:
    """What could be a workflow, less what was decided on, by id."""
    since = (moment or now()) - timedelta(days=DAYS_BACK)
    found = [*_of_runs(connection, org_id, since), *_of_analyses(connection, org_id, since)]
    known = workflow_store.decided(connection, org_id)
    return [each for each in found if each.id not in known and _can_run(connection, starter, org_id, each.pipeline)]


def _of_runs(connection: AnyReader, org_id: int, since: datetime) -> list[Suggestion]:
    """Pipelines that are run by hand with the same inputs."""
    done = [Done(dump([pipeline, inputs]).decode(), at) for pipeline, inputs, at in _by_hand(connection, org_id, since)]
    suggestions = []
    for habit in habits(done):
        pipeline, inputs = parse_tolerant(habit.what)
        title = f"Run {pipeline} by itself, on weekdays about {_clock(habit)} UTC"
        suggestions.append(
            _suggestion(habit, title, f"{pipeline} was run by hand with the same inputs", (pipeline, parse_tolerant(inputs)))
        )
    return suggestions


def _by_hand(connection: AnyReader, org_id: int, since: datetime) -> list[tuple[str, str, datetime]]:
    return workflow_store.begun_by_hand(connection, org_id, since, MOST_READ)


def _of_analyses(connection: Connection, org_id: int, since: datetime) -> list[Suggestion]:
    """Universes that are analysed by the same strategy."""
    done = []
    for params, at in jobs.params_of_kind(connection, org_id, ANALYSIS, since, MOST_READ):
        values: Any = parse_tolerant(params, {})
        if isinstance(values, dict) and values.get("universe"):
            done.append(Done(dump([values["universe"], values.get("strategy")]).decode(), at))
    suggestions = []
    for habit in habits(done):
        universe, strategy = parse_tolerant(habit.what)
        title = f"Analyse '{universe}' by itself and tell what changed, on weekdays about {_clock(habit)} UTC"
        said = f"'{universe}' was analysed by the strategy {strategy}"
        suggestions.append(_suggestion(habit, title, said, (DIGEST, {"universe": universe, "strategies": [strategy], "channels": []})))
    return suggestions


def _suggestion(habit: Habit, title: str, said: str, does: tuple[str, dict[str, Any]]) -> Suggestion:
    minutes = int(SPREAD.total_seconds() // 60)
    grounds = (f"{said} on {len(habit.days)} weekdays running.", f"Each time it was within {minutes} minutes of {_clock(habit)} UTC.")
    at = time(habit.minute // 60, habit.minute % 60, tzinfo=UTC)
    first, last = (datetime.combine(day, at) for day in (habit.days[0], habit.days[-1]))
    return Suggestion(
        sha256(dump([title, habit.what])).hexdigest()[:32], title, grounds, *does, at=_clock(habit), first_at=first, last_at=last
    )


def _can_run(connection: AnyReader, starter: Starter, org_id: int, pipeline_id: str) -> bool:
    try:
        starter.library.find(connection, org_id, pipeline_id)
    except (PipelineNotFound, Invalid):
        return False
    return True


def apply(connection: Connection, starter: Starter, org_id: int, suggestion_id: str, actor_id: str) -> Workflow:
    """Store a suggestion as a disabled workflow. Raises SuggestionNotFound, or as workflows.create."""
    suggestion = _find(connection, starter, org_id, suggestion_id)
    values = {
        "name": f"{suggestion.title[:80]} ({suggestion.id[:6]})", "pipeline": suggestion.pipeline, "event_type": None, "filter": None,
        "inputs": suggestion.inputs, "enabled": False,
    }  # fmt: skip
    workflow = workflows.create(connection, starter, org_id, Order(frozenset(values), values, actor_id))
    _decide(connection, org_id, suggestion_id, ("applied", workflow.id, actor_id))
    return workflow


def dismiss(connection: Connection, starter: Starter, org_id: int, suggestion_id: str, actor_id: str) -> None:
    """Suggest something no more. Raises SuggestionNotFound."""
    _find(connection, starter, org_id, suggestion_id)
    _decide(connection, org_id, suggestion_id, ("dismissed", None, actor_id))


def _find(connection: Connection, starter: Starter, org_id: int, suggestion_id: str) -> Suggestion:
    for each in list_suggestions(connection, starter, org_id):
        if each.id == suggestion_id:
            return each
    raise SuggestionNotFound


def _decide(connection: Connection, org_id: int, suggestion_id: str, decision: tuple[str, str | None, str]) -> None:
    told, workflow_id, actor_id = decision
    values = {"org_id": org_id, "suggestion_id": suggestion_id, "decision": told, "workflow_id": workflow_id}
    workflow_store.decide(connection, {**values, "decided_at": now(), "decided_by": actor_id})


def _clock(habit: Habit) -> str:
    return f"{habit.minute // 60:02d}:{habit.minute % 60:02d}"
