"""Schedules: what is done when by itself."""

from __future__ import annotations

from typing import Any

from flask import Response
from sqlalchemy import Connection

from api.authentication import actor_id, org_id
from api.blueprint import Tag, api_blueprint
from api.flags import require_flag
from api.marks import needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.schemas import LongPageQuery
from api.services import services
from features.schedules import service
from features.schedules.flags import SCHEDULES
from features.schedules.routes.starter import starter
from features.schedules.schemas import (
    NextQuery,
    NextTimes,
    PreviewedTimes,
    ScheduleAnswer,
    ScheduleChangeRequest,
    SchedulePath,
    ScheduleRequest,
    SchedulesPage,
    WhenQuery,
    preview_answer,
    schedule_answer,
)
from features.schedules.service import Changes
from infrastructure.audit import note
from infrastructure.sql.database_clock import database_now
from models.access import Scope
from models.schedule import Schedule
from utils.api_utils import json_response, tagged

SCHEDULE_TAG = Tag("Schedules", "What is done when by itself, and what became of every due time.")
blueprint = api_blueprint("schedules", SCHEDULE_TAG)


@blueprint.get("/schedules", responses={200: SchedulesPage}, sends=("ETag",))
def list_schedules(query: LongPageQuery) -> Response:
    """All schedules by name. `If-None-Match` is honoured."""
    scope = ["schedules"]
    after = read_cursor(query.cursor, scope)
    with services().database.read() as connection:
        rows = service.list_schedules(connection, org_id(), after[0] if after else "", query.limit + 1)
        shown, next_cursor = page(list(rows), query.limit, scope, lambda last: [last.name])
        told = service.tell(connection, org_id(), shown, starter())
    return tagged({"items": list(map(schedule_answer, shown, told)), "next_cursor": next_cursor})


@blueprint.post(
    "/schedules", responses={201: ScheduleAnswer}, problems=(*BODY_PROBLEMS, "conflict", "feature_disabled"), sends=("Location",)
)
@needs(Scope.MANAGE)
def create_schedule(body: ScheduleRequest) -> Response:
    """Make a schedule. Its first due time is the next one.

    `params` are those of the action: of `refresh` a `universe` or `tickers`, of `bulk_analysis` also a `strategy`, and so on. An action
    that this installation does not offer is refused.
    """
    require_flag(SCHEDULES)
    with services().database.transaction() as connection:
        made = service.create(connection, org_id(), body.new(), starter(), service.author(connection, actor_id()))
        note(connection, target=f"schedules/{made.id}")
        answer = _answer(connection, made)
    return json_response(answer, 201, {"Location": f"/api/v1/schedules/{made.id}"})


@blueprint.get("/schedules/preview", responses={200: PreviewedTimes})
def preview_schedule(query: WhenQuery) -> Response:
    """The next due times of what need not be stored, and when that is in words: to see what a form means."""
    when = service.checked(query.when())
    with services().database.read() as connection:
        moment = database_now(connection)
    return json_response(preview_answer(when, service.next_times(when, moment, query.count)))


@blueprint.get("/schedules/<schedule_id>", responses={200: ScheduleAnswer}, problems=("not_found",))
def get_schedule(path: SchedulePath) -> Response:
    """One schedule."""
    with services().database.read() as connection:
        return json_response(_answer(connection, service.find(connection, org_id(), path.schedule_id)))


@blueprint.patch(
    "/schedules/<schedule_id>", responses={200: ScheduleAnswer}, problems=(*BODY_PROBLEMS, "not_found", "conflict", "feature_disabled")
)
@needs(Scope.MANAGE)
def change_schedule(path: SchedulePath, body: ScheduleChangeRequest) -> Response:
    """Change a schedule. What the body does not name stays.

    Where the times change, the next due time is the first one after now: nothing of the past of the new times is run.
    """
    require_flag(SCHEDULES)
    return _changed(path.schedule_id, body.changes())


@blueprint.delete("/schedules/<schedule_id>", responses={204: None}, problems=("not_found",))
@needs(Scope.MANAGE)
def delete_schedule(path: SchedulePath) -> Response:
    """Delete a schedule with its firings. A job that it has queued goes on."""
    service.delete(services().database, org_id(), path.schedule_id)
    return Response(status=204)


@blueprint.get("/schedules/<schedule_id>/next", responses={200: NextTimes}, problems=("not_found",))
def list_next_times(path: SchedulePath, query: NextQuery) -> Response:
    """The next due times of a schedule, in UTC, whether it is paused or not."""
    with services().database.read() as connection:
        found = service.find(connection, org_id(), path.schedule_id)
        moment = database_now(connection)
    return json_response({"items": service.next_times(found.when, moment, query.count)})


@blueprint.post("/schedules/<schedule_id>/pause", responses={200: ScheduleAnswer}, problems=("not_found", "conflict"))
@needs(Scope.MANAGE)
def pause_schedule(path: SchedulePath) -> Response:
    """Pause a schedule: until it is resumed, its due times are noted as skipped. What waits is given up, what runs goes on."""
    return _changed(path.schedule_id, Changes(enabled=False))


@blueprint.post("/schedules/<schedule_id>/resume", responses={200: ScheduleAnswer}, problems=("not_found", "conflict"))
@needs(Scope.MANAGE)
def resume_schedule(path: SchedulePath) -> Response:
    """Resume a paused schedule at its next due time. What was skipped meanwhile can be run by POST …/backfill."""
    return _changed(path.schedule_id, Changes(enabled=True))


def _changed(schedule_id: str, changes: Changes) -> Response:
    with services().database.transaction() as connection:
        by = service.author(connection, actor_id())
        former = service.find(connection, org_id(), schedule_id)
        changed = service.change(connection, (org_id(), schedule_id), changes, starter(), by)
        note(connection, before=former, after=changed)
        return json_response(_answer(connection, changed))


def _answer(connection: Connection, schedule: Schedule) -> dict[str, Any]:
    (told,) = service.tell(connection, schedule.org_id, [schedule], starter())
    return schedule_answer(schedule, told)
