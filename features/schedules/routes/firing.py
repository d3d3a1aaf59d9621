"""The ledger of due times, and what is run by hand."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from flask import Response
from sqlalchemy import Connection

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.flags import require_flag
from api.idempotency import Answer
from api.marks import needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.rate_limit import Budget, budget
from api.repeatable import answer_once
from api.schemas import SubmitHeaders
from api.services import services
from features.schedules import service
from features.schedules.flags import SCHEDULES
from features.schedules.routes.schedule import SCHEDULE_TAG
from features.schedules.routes.starter import starter
from features.schedules.schemas import (
    BackfillAnswer,
    BackfillRequest,
    DaysAnswer,
    DaysQuery,
    FiringAnswer,
    FiringsPage,
    FiringsQuery,
    SchedulePath,
    firing_answer,
)
from infrastructure.sql.database_clock import database_now
from models.access import Scope
from utils.api_utils import json_response, tagged
from utils.json_text import dump

blueprint = api_blueprint("schedule_firings", SCHEDULE_TAG)
# What a capability may say when it is to start.
START_PROBLEMS = ("no_provider", "universe_not_found", "ticker_not_found", "inputs_invalid", "organization_limit")


@blueprint.get("/schedules/<schedule_id>/firings", responses={200: FiringsPage}, problems=("not_found",), sends=("ETag",))
def list_firings(path: SchedulePath, query: FiringsQuery) -> Response:
    """Every due time of a schedule that has passed, newest first, and what became of it.

    `fired` and `late` have queued a job: with `finished_at` it has ended. `missed`: no dispatcher looked in time. `skipped`: it was not
    meant to run. `failed`: the job could not be queued, or failed. `waiting`: for the end of another firing. `If-None-Match` is honoured.
    """
    scope = ["firings", path.schedule_id, query.state]
    position = read_cursor(query.cursor, scope)
    before = datetime.fromisoformat(position[0]) if position else None
    with services().database.read() as connection:
        rows = service.list_firings(connection, (org_id(), path.schedule_id), query.state, before, query.limit + 1)
    shown, next_cursor = page(rows, query.limit, scope, lambda last: [last.due_at.isoformat()])
    return tagged({"items": list(map(firing_answer, shown)), "next_cursor": next_cursor})


@blueprint.get("/schedule-days", responses={200: DaysAnswer})
def count_firings_by_day(query: DaysQuery) -> Response:
    """How many firings of all schedules were due on each day of a calendar, by state. Days are those of UTC."""
    since = datetime.combine(query.first, time(), UTC)
    until = datetime.combine(query.last + timedelta(days=1), time(), UTC)
    with services().database.read() as connection:
        return json_response({"items": service.count_by_day(connection, org_id(), since, until)})


@blueprint.post(
    "/schedules/<schedule_id>/run",
    responses={202: FiringAnswer},
    problems=("not_found", "conflict", "idempotency_mismatch", "feature_disabled", *START_PROBLEMS),
    sends=("Idempotent-Replayed",),
)
@needs(Scope.MANAGE)
@budget(Budget.BULK)
def run_schedule(header: SubmitHeaders, path: SchedulePath) -> Response:
    """Run a schedule now, also a paused one. Its due times stay as they are.

    While a former firing is unfinished, it is refused, or waits where `overlap` is `queue`.
    """

    def answer(connection: Connection) -> Answer:
        firing = service.run(connection, (org_id(), path.schedule_id), starter(), database_now(connection))
        return Answer(202, None, dump(firing_answer(firing)).decode())

    return answer_once(header.idempotency_key, answer)


@blueprint.post(
    "/schedules/<schedule_id>/backfill",
    responses={202: BackfillAnswer},
    problems=(*BODY_PROBLEMS, "not_found", "conflict", "feature_disabled"),
)
@needs(Scope.MANAGE)
@budget(Budget.BULK)
def backfill_schedule(path: SchedulePath, body: BackfillRequest) -> Response:
    """Run the due times of a period that never ran: the missed and the skipped, at most a hundred, one after the other.

    Each does what the schedule does now. The same request again finds nothing more to run.
    """
    require_flag(SCHEDULES)
    with services().database.transaction() as connection:
        key, period = (org_id(), path.schedule_id), (body.since, body.until)
        firings = service.backfill(connection, key, period, database_now(connection))
    return json_response({"items": list(map(firing_answer, firings))}, 202)
