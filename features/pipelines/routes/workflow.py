"""Workflows and suggestions."""

from __future__ import annotations

from flask import Response

from api.authentication import actor_id, org_id
from api.blueprint import api_blueprint
from api.flags import require_flag
from api.marks import needs
from api.problem import BODY_PROBLEMS
from api.services import services
from features.pipelines import suggestions, workflows
from features.pipelines.flags import PIPELINES as FLAG
from features.pipelines.routes.library import pipelines
from features.pipelines.routes.tags import PIPELINES
from features.pipelines.schemas.runs import RunAnswer, run_answer
from features.pipelines.schemas.workflows import (
    NewWorkflowRequest,
    SuggestionPage,
    SuggestionPath,
    WorkflowAnswer,
    WorkflowChangeRequest,
    WorkflowPage,
    WorkflowPath,
    suggestion_answer,
    workflow_answer,
)
from features.pipelines.store import workflow as workflow_store
from infrastructure.audit import note
from models.access import Scope
from utils.api_utils import json_response

blueprint = api_blueprint("workflows", PIPELINES)
CHANGE_PROBLEMS = (*BODY_PROBLEMS, "not_found", "conflict", "pipeline_invalid")


@blueprint.get("/workflows", responses={200: WorkflowPage})
def list_workflows() -> Response:
    """All workflows by name, with what came of the last event that each was told of."""
    with services().database.reader() as connection:
        found = workflow_store.list_workflows(connection, org_id())
    return json_response({"items": [workflow_answer(each) for each in found], "next_cursor": None})


@blueprint.post("/workflows", responses={201: WorkflowAnswer}, problems=CHANGE_PROBLEMS, sends=("Location",))
@needs(Scope.MANAGE)
def create_workflow(body: NewWorkflowRequest) -> Response:
    """Store a workflow: a pipeline with inputs, and the event that starts it. Each event starts it once."""
    with services().database.transaction() as connection:
        made = workflows.create(connection, pipelines().starter, org_id(), body.order(actor_id()))
        note(connection, target=f"workflows/{made.id}")
    return json_response(workflow_answer(made), 201, {"Location": f"/api/v1/workflows/{made.id}"})


@blueprint.get("/workflows/<workflow_id>", responses={200: WorkflowAnswer}, problems=("not_found",))
def get_workflow(path: WorkflowPath) -> Response:
    """One workflow."""
    with services().database.reader() as connection:
        found = workflows.find(connection, org_id(), path.workflow_id)
    return json_response(workflow_answer(found))


@blueprint.patch("/workflows/<workflow_id>", responses={200: WorkflowAnswer}, problems=CHANGE_PROBLEMS)
@needs(Scope.MANAGE)
def change_workflow(path: WorkflowPath, body: WorkflowChangeRequest) -> Response:
    """Change a workflow, or switch it off and on. What the body does not name stays."""
    with services().database.transaction() as connection:
        found = workflows.find(connection, org_id(), path.workflow_id)
        changed = workflows.change(connection, pipelines().starter, found, body.order(actor_id()))
        note(connection, before=found, after=changed)
    return json_response(workflow_answer(changed))


@blueprint.delete("/workflows/<workflow_id>", responses={204: None}, problems=("not_found",))
@needs(Scope.MANAGE)
def delete_workflow(path: WorkflowPath) -> Response:
    """Delete a workflow. Its runs and their traces stay."""
    with services().database.transaction() as connection:
        note(connection, before=workflows.find(connection, org_id(), path.workflow_id))
        workflows.delete(connection, org_id(), path.workflow_id)
    return Response(status=204)


@blueprint.post(
    "/workflows/<workflow_id>/runs",
    responses={202: RunAnswer},
    problems=("not_found", "pipeline_invalid", "inputs_invalid", "feature_disabled"),
    sends=("Location",),
)
@needs(Scope.MANAGE)
def run_workflow(path: WorkflowPath) -> Response:
    """Begin a run of a workflow by hand, whether it is enabled or not."""
    require_flag(FLAG)
    with services().database.transaction() as connection:
        found = workflows.find(connection, org_id(), path.workflow_id)
        run = workflows.run_by_hand(connection, pipelines().starter, found, actor_id()).run
    return json_response(run_answer(run, []), 202, {"Location": f"/api/v1/runs/{run.id}"})


@blueprint.get("/suggestions", responses={200: SuggestionPage})
def list_suggestions() -> Response:
    """What was done by hand on several days about the same time, and could be a workflow; each with its grounds."""
    with services().database.read() as connection:
        found = suggestions.list_suggestions(connection, pipelines().starter, org_id())
    return json_response({"items": [suggestion_answer(each) for each in found], "next_cursor": None})


@blueprint.post(
    "/suggestions/<suggestion_id>/apply",
    responses={201: WorkflowAnswer},
    problems=("not_found", "conflict", "pipeline_invalid"),
    sends=("Location",),
)
@needs(Scope.MANAGE)
def apply_suggestion(path: SuggestionPath) -> Response:
    """Store a suggestion as a workflow that is switched off, to be looked at first."""
    with services().database.transaction() as connection:
        made = suggestions.apply(connection, pipelines().starter, org_id(), path.suggestion_id, actor_id())
        note(connection, target=f"workflows/{made.id}", after=made)
    return json_response(workflow_answer(made), 201, {"Location": f"/api/v1/workflows/{made.id}"})


@blueprint.post("/suggestions/<suggestion_id>/dismiss", responses={204: None}, problems=("not_found",))
@needs(Scope.MANAGE)
def dismiss_suggestion(path: SuggestionPath) -> Response:
    """Suggest this no more."""
    with services().database.transaction() as connection:
        suggestions.dismiss(connection, pipelines().starter, org_id(), path.suggestion_id, actor_id())
    return Response(status=204)
