"""Evaluates rules that watch jobs and schedules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from features.alerts.firing import Fired
from features.alerts.sentences import job_message, missed_message
from features.alerts.standings import Standings
from features.alerts.transitions import switch
from models.alert import AlertKind, AlertRule, StateKey
from models.event import Event, EventType
from models.job_state import JobStatus


def subjects_of(events: Iterable[Event]) -> set[str]:
    """What rules that watch jobs have states of: the kinds of the jobs that ended."""
    return {event.data["kind"] for event in events if event.type == EventType.JOB_FINISHED}


class Jobs:
    """Jobs that ended and schedules that missed their time. A job that fails after one that failed is told again on another day."""

    def __init__(self, standings: Standings) -> None:
        self._standings = standings

    def take(self, rule: AlertRule, event: Event) -> Iterator[Fired]:
        """Take in the end of a job, or a missed time of a schedule."""
        if event.type == EventType.JOB_FINISHED and rule.draft.on is AlertKind.JOB_FAILED:
            yield from self._take_job(rule, event)
        elif event.type == EventType.SCHEDULE_MISSED and rule.draft.on is AlertKind.SCHEDULE_MISSED:
            yield from self._take_missed(rule, event)

    def _take_job(self, rule: AlertRule, event: Event) -> Iterator[Fired]:
        told, conditions, day = event.data, rule.draft.conditions, event.created_at.date()
        if conditions.get("kinds") and told["kind"] not in conditions["kinds"]:
            return
        share = 100 * told["failed"] / told["total"] if told["total"] else 0.0
        has_failed = told["status"] == JobStatus.FAILED or (told["failed"] > 0 and share >= conditions["min_failed_percent"])
        if told["status"] == JobStatus.CANCELLED and not has_failed:
            return
        key = StateKey(rule.id, told["kind"])
        standing, _ = switch(self._standings.of(key), day, share, is_on=has_failed)
        self._standings.put(key, standing)
        if has_failed:
            change = {name: told[name] for name in ("job_id", "kind", "status", "total", "failed")}
            change |= {"error": _reason(told.get("error")), "link": f"/tasks?job={told['job_id']}"}
            yield Fired(rule, told["kind"], day, job_message(change), change)

    def _take_missed(self, rule: AlertRule, event: Event) -> Iterator[Fired]:
        told, day, wanted = event.data, event.created_at.date(), rule.draft.conditions.get("schedules")
        if wanted and told["schedule_id"] not in wanted:
            return
        key = StateKey(rule.id, told["schedule_id"])
        standing, _ = switch(self._standings.of(key), day, None, is_on=True)
        self._standings.put(key, standing)
        change = {**{name: told[name] for name in ("schedule_id", "name", "due_at", "reason")}, "link": "/schedules"}
        yield Fired(rule, told["schedule_id"], day, missed_message(change), change)


def _reason(error: Any) -> str | None:
    """The sentence of a job's error, which is told as an object with code and message."""
    return error.get("message") if isinstance(error, dict) else error
