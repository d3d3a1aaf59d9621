"""Pipelines: list, read, store, validate, and go back to an older version; and the capabilities that their steps can use."""

from __future__ import annotations

from flask import Response, request

from api.authentication import actor_id, org_id
from api.blueprint import api_blueprint
from api.marks import needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.services import services
from features.pipelines.files import digest
from features.pipelines.routes.tags import PIPELINES
from features.pipelines.schemas.pipelines import (
    CapabilityPage,
    PipelineAnswer,
    PipelineBody,
    PipelinePage,
    PipelinePath,
    PipelineQuery,
    RollbackRequest,
    ValidatedAnswer,
    VersionPage,
    VersionsQuery,
    capability_answer,
    pipeline_answer,
    summary,
)
from features.pipelines.service import Pipelines
from models.access import Scope
from models.pipeline import PIPELINE, Mistake
from models.pipeline_errors import PipelineInvalid
from utils.api_utils import json_response

blueprint = api_blueprint("pipelines", PIPELINES)


def pipelines() -> Pipelines:
    """The pipelines of this process."""
    return services().foundation.part(Pipelines.of)


@blueprint.get("/capabilities", responses={200: CapabilityPage})
def list_capabilities() -> Response:
    """What steps of pipelines and schedules can do, by name: with the schema of their arguments."""
    offered = sorted(services().foundation.capabilities, key=lambda capability: capability.name)
    items = [capability_answer(capability, capability.name != PIPELINE) for capability in offered]
    return json_response({"items": items, "next_cursor": None})


@blueprint.get("/pipelines", responses={200: PipelinePage})
def list_pipelines() -> Response:
    """All pipelines by id: your own, and those of files, with what is wrong with a file that is not used."""
    library = pipelines().library
    with services().database.reader() as connection:
        listed = library.list_all(connection, org_id())
    return json_response({"items": [summary(each) for each in listed], "next_cursor": None})


@blueprint.post("/pipelines/validate", responses={200: ValidatedAnswer}, problems=(*BODY_PROBLEMS, "pipeline_invalid"))
@needs(Scope.READ)
def validate_pipeline(body: PipelineBody) -> Response:
    """Check a definition without storing it. What does not fit is answered as a problem that lists every mistake."""
    raw = request.get_json()
    definition = pipelines().library.check(raw)
    return json_response({"id": body.id, "sha256": digest(raw), "steps": len(definition.steps)})


@blueprint.get("/pipelines/<pipeline_id>", responses={200: PipelineAnswer}, problems=("not_found", "pipeline_invalid"))
def get_pipeline(path: PipelinePath, query: PipelineQuery) -> Response:
    """One pipeline with its definition, the present or an older version."""
    library = pipelines().library
    with services().database.reader() as connection:
        if query.version is not None:
            found, version = library.find_version(connection, org_id(), path.pipeline_id, query.version)
            return json_response(pipeline_answer(found, version))
        found = library.find(connection, org_id(), path.pipeline_id)
    return json_response(pipeline_answer(found))


@blueprint.put(
    "/pipelines/<pipeline_id>",
    responses={200: PipelineAnswer, 201: PipelineAnswer},
    problems=(*BODY_PROBLEMS, "pipeline_invalid", "conflict"),
)
@needs(Scope.MANAGE)
def put_pipeline(path: PipelinePath, body: PipelineBody) -> Response:
    """Store a definition as the new version of your pipeline: 201, or 200 where it is what is stored already.

    One with the id of a file is used instead of it. Runs that have begun keep their version.
    """
    if body.id != path.pipeline_id:
        raise PipelineInvalid([Mistake("id", "It is not the one of the address.")])
    library = pipelines().library
    with services().database.transaction() as connection:
        stored = library.put(connection, org_id(), request.get_json(), actor_id())
    return json_response(pipeline_answer(stored.found), 201 if stored.is_new else 200)


@blueprint.delete("/pipelines/<pipeline_id>", responses={204: None}, problems=("not_found", "conflict"))
@needs(Scope.MANAGE)
def delete_pipeline(path: PipelinePath) -> Response:
    """Delete your pipeline. A file of the same id is used again; runs and their traces stay."""
    library = pipelines().library
    with services().database.transaction() as connection:
        library.delete(connection, org_id(), path.pipeline_id)
    return Response(status=204)


@blueprint.get("/pipelines/<pipeline_id>/versions", responses={200: VersionPage}, problems=("not_found",))
def list_pipeline_versions(path: PipelinePath, query: VersionsQuery) -> Response:
    """The versions of a pipeline, newest first. The last hundred of yours are kept."""
    scope = ["versions", path.pipeline_id]
    before = read_cursor(query.cursor, scope)
    library = pipelines().library
    with services().database.reader() as connection:
        rows = library.versions(connection, org_id(), path.pipeline_id, before[0] if before else None, query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.version])
    shown = [{name: value for name, value in vars(version).items() if name != "definition"} for version in items]
    return json_response({"items": shown, "next_cursor": next_cursor})


@blueprint.post(
    "/pipelines/<pipeline_id>/rollback",
    responses={200: PipelineAnswer},
    problems=(*BODY_PROBLEMS, "not_found", "conflict", "pipeline_invalid"),
)
@needs(Scope.MANAGE)
def roll_back_pipeline(path: PipelinePath, body: RollbackRequest) -> Response:
    """Make what an older version of your pipeline had the present one, under a new number."""
    library = pipelines().library
    with services().database.transaction() as connection:
        found = library.roll_back(connection, org_id(), path.pipeline_id, body.version, actor_id())
    return json_response(pipeline_answer(found))
