"""Runs of pipelines: begin, list, read, cancel."""

from __future__ import annotations

from flask import Response
from sqlalchemy import Connection

from api.authentication import actor_id, org_id
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
from features.pipelines import runs
from features.pipelines.dry_run import plan
from features.pipelines.flags import PIPELINES as FLAG
from features.pipelines.routes.library import pipelines
from features.pipelines.routes.tags import PIPELINES
from features.pipelines.schemas.pipelines import PipelinePath
from features.pipelines.schemas.runs import (
    NewRunRequest,
    RunAnswer,
    RunPage,
    RunPath,
    RunsQuery,
    StepAnswer,
    StepPath,
    run_answer,
    step_answer,
)
from features.pipelines.steps import Offered
from features.pipelines.store import run as run_store
from infrastructure.sql.transaction import after_commit
from models.access import Scope
from models.pipeline import Origin
from utils.api_utils import json_response
from utils.json_text import dump

blueprint = api_blueprint("runs", PIPELINES)


@blueprint.post(
    "/pipelines/<pipeline_id>/runs",
    responses={202: RunAnswer, 200: RunAnswer},
    problems=(
        *BODY_PROBLEMS,
        *("not_found", "pipeline_invalid", "inputs_invalid", "conflict", "idempotency_mismatch", "feature_disabled"),
    ),
    sends=("Location", "Idempotent-Replayed"),
    sends_with={200: ()},
)
@needs(Scope.MANAGE)
@budget(Budget.BULK)
def begin_run(header: SubmitHeaders, path: PipelinePath, body: NewRunRequest) -> Response:
    """Begin a run: 202, and `Location` is where it can be followed.

    With `dry_run` it answers at once with what each step would be called with, as far as that is known; nothing is called or stored.
    """
    require_flag(FLAG)
    made, origin = pipelines(), Origin(actor_id(), f"key:{actor_id()}")
    if body.dry_run:
        with services().database.reader() as reader:
            found = made.library.find(reader, org_id(), path.pipeline_id)
        offered = Offered(made.library.capabilities, services().flags, org_id())
        return json_response(run_answer(*plan(made.library, offered, found, body.inputs, origin), dry_run=True))

    def answer(connection: Connection) -> Answer:
        found = made.library.find_to_run(connection, org_id(), path.pipeline_id)
        made.starter.check(connection, org_id(), found, body.inputs)
        run = made.starter.begin(connection, org_id(), found, body.inputs, origin).run
        after_commit(connection, lambda: services().wakeup.wake_workers(str(run.job_id), runs.LANE))
        return Answer(202, f"/api/v1/runs/{run.id}", dump(run_answer(run, [])).decode())

    return answer_once(header.idempotency_key, answer)


@blueprint.get("/runs", responses={200: RunPage})
def list_runs(query: RunsQuery) -> Response:
    """Runs, newest first, for thirty days after their end."""
    scope = ["runs", query.pipeline, query.status]
    before = read_cursor(query.cursor, scope)
    chosen = {"pipeline": query.pipeline, "status": query.status, "before": before[0] if before else None, "limit": query.limit + 1}
    with services().database.reader() as connection:
        rows = run_store.list_runs(connection, org_id(), chosen)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.id])
    return json_response({"items": items, "next_cursor": next_cursor})


@blueprint.get("/runs/<run_id>", responses={200: RunAnswer}, problems=("not_found",))
def get_run(path: RunPath) -> Response:
    """A run with its trace: what became of each step so far, and with which arguments."""
    with services().database.reader() as connection:
        run = runs.find(connection, org_id(), path.run_id)
        trace = runs.trace(connection, run)
    return json_response(run_answer(run, trace))


@blueprint.get("/runs/<run_id>/steps/<step>", responses={200: StepAnswer}, problems=("not_found",))
def get_run_step(path: StepPath) -> Response:
    """A step of a run with its whole answer."""
    with services().database.reader() as connection:
        record = runs.find_step(connection, org_id(), path.run_id, path.step)
    return json_response({**step_answer(record), "answer": record.answer})


@blueprint.post("/runs/<run_id>/cancel", responses={200: RunAnswer}, problems=("not_found", "conflict"))
@needs(Scope.MANAGE)
def cancel_run(path: RunPath) -> Response:
    """Cancel a run, and the jobs that work for it. Steps that have ended stay as they are."""
    run = runs.cancel(services().database, org_id(), path.run_id)
    with services().database.reader() as connection:
        trace = runs.trace(connection, run)
    return json_response(run_answer(run, trace))
