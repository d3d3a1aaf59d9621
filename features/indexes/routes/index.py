"""The indexes themselves: made, changed, brought up to date and deleted."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response
from sqlalchemy import Connection

from api.authentication import actor_id, org_id
from api.blueprint import api_blueprint
from api.heavy import heavy_read
from api.idempotency import Answer
from api.marks import needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.rate_limit import Budget, budget
from api.repeatable import answer_once
from api.schemas import PageQuery, SubmitHeaders
from api.services import services
from features.indexes import service
from features.indexes.computing import mean_turnover
from features.indexes.publishing import standing_of
from features.indexes.routes.tags import INDEXES
from features.indexes.schemas.answers import (
    IndexAnswer,
    IndexPage,
    IndexPath,
    IndexPreviewAnswer,
    RevisionsAnswer,
    VersionsAnswer,
)
from features.indexes.schemas.rules import IndexChangeRequest, NewIndexRequest, RulesBody
from features.indexes.service import Drafted
from models.access import Scope
from utils.api_utils import json_response, tagged
from utils.json_text import dump

blueprint = api_blueprint("indexes", INDEXES)
COMPUTING_PROBLEMS = ("index_invalid", "universe_not_found", "ticker_not_found", "rate_not_found", "price_quality")
RULES_PROBLEMS = (*BODY_PROBLEMS, *COMPUTING_PROBLEMS)
SCOPE = "indexes"
MOST_REVISIONS = 100


@blueprint.get("/indexes", responses={200: IndexPage}, sends=("ETag",))
def list_indexes(query: PageQuery) -> Response:
    """The indexes in the order in which they were made, each as it is published. `If-None-Match` is honoured."""
    after = (read_cursor(query.cursor, [SCOPE]) or [""])[0]
    with services().database.read() as connection:
        rows = service.list_indexes(connection, org_id(), after, query.limit + 1)
        rows = service.with_warnings(connection, org_id(), rows, services().universes)
    items, next_cursor = page(rows, query.limit, [SCOPE], lambda last: [last.id])
    return tagged({"items": items, "next_cursor": next_cursor})


@blueprint.post(
    "/indexes",
    responses={201: IndexAnswer},
    problems=(*RULES_PROBLEMS, "conflict", "idempotency_mismatch"),
    sends=("Location", "Idempotent-Replayed"),
)
@needs(Scope.MANAGE)
@heavy_read()
def create_index(header: SubmitHeaders, body: NewIndexRequest) -> Response:
    """Make an index by rules; its levels and rebalancings up to now are computed and published at once.

    Weights are of closes up to a reference day, the last trading day of a period, and are bought at the close of the next trading day.
    Between rebalancings quantities stand and weights drift. There may be a hundred indexes.
    """
    parts = services()
    drafted = service.draft(parts.database, org_id(), body.rules(), parts.universes, actor_id())

    def create(connection: Connection) -> Answer:
        made = service.create(connection, org_id(), body.name, drafted)
        return Answer(201, f"/api/v1/indexes/{made.id}", dump(made).decode())

    return answer_once(header.idempotency_key, create)


@blueprint.post("/indexes/preview", responses={200: IndexPreviewAnswer}, problems=RULES_PROBLEMS)
@needs(Scope.READ)
@budget(Budget.ANALYSES)
@heavy_read()
def preview_index(body: RulesBody) -> Response:
    """Compute an index by rules, and store nothing: its levels, its latest rebalancing, and what is to be told of it."""
    parts = services()
    return json_response(_preview(service.draft(parts.database, org_id(), body.rules(), parts.universes)))


def _preview(drafted: Drafted) -> dict[str, Any]:
    computed = drafted.computed
    standing = standing_of(computed, drafted.material, drafted.version, 1)
    told = ("first_day", "last_day", "level", "total_level", "members", "next_reference_day", "notes")
    levels = computed.levels
    return {
        "rules": drafted.version.rules,
        **{name: getattr(standing, name) for name in told},
        "turnover_per_year": mean_turnover(computed.ledger),
        "latest": computed.ledger[-1],
        "items": [{"day": day, "value": value} for day, value in zip(levels.days.tolist(), levels.price.tolist(), strict=True)],
        "next_cursor": None,
    }


@blueprint.get("/indexes/<index_id>", responses={200: IndexAnswer}, problems=("not_found",), sends=("ETag",))
def get_index(path: IndexPath) -> Response:
    """One index: its rules, and what is published of it. `If-None-Match` is honoured."""
    with services().database.read() as connection:
        found = service.find(connection, org_id(), path.index_id)
        (told,) = service.with_warnings(connection, org_id(), [found], services().universes)
    return tagged(told)


@blueprint.patch("/indexes/<index_id>", responses={200: IndexAnswer}, problems=(*RULES_PROBLEMS, "not_found", "conflict"))
@needs(Scope.MANAGE)
@heavy_read()
def change_index(path: IndexPath, body: IndexChangeRequest) -> Response:
    """Rename an index, or change its rules, which makes a new version of them. What is published stays as it was published.

    The new rules hold from the first reference day on that no published day follows. Base, start and currency cannot change.
    """
    parts = services()
    return json_response(service.change(parts.database, org_id(), path.index_id, body.changes(actor_id()), parts.universes))


@blueprint.delete("/indexes/<index_id>", responses={204: None}, problems=("not_found",))
@needs(Scope.MANAGE)
def delete_index(path: IndexPath) -> Response:
    """Delete an index with its levels and its ledger."""
    with services().database.transaction() as connection:
        service.delete(connection, org_id(), path.index_id)
    return Response(status=204)


@blueprint.post("/indexes/<index_id>/publish", responses={200: IndexAnswer}, problems=(*COMPUTING_PROBLEMS, "not_found", "conflict"))
@needs(Scope.ANALYSE)
@heavy_read()
def publish_index(path: IndexPath) -> Response:
    """Publish what is new of an index now: its levels up to the newest closes, and rebalancings that were due. Every night does the same.

    Where prices of published days were corrected, all is computed anew as another revision, and the former one stays.
    """
    parts = services()
    return json_response(service.update(parts.database, org_id(), path.index_id, parts.universes))


@blueprint.get("/indexes/<index_id>/versions", responses={200: VersionsAnswer}, problems=("not_found",))
def list_index_versions(path: IndexPath) -> Response:
    """The rules of an index through time, oldest first; each holds for reference days from `since` on."""
    with services().database.reader() as connection:
        found = service.list_versions(connection, org_id(), path.index_id)
    return json_response({"items": [asdict(version) for version in found], "next_cursor": None})


@blueprint.get("/indexes/<index_id>/revisions", responses={200: RevisionsAnswer}, problems=("not_found",))
def list_index_revisions(path: IndexPath) -> Response:
    """What was published of an index, one item for each computation of all of it: the first, and one after each correction.

    The newest fifty are kept.
    """
    with services().database.reader() as connection:
        found = service.list_revisions(connection, org_id(), path.index_id, MOST_REVISIONS)
    return json_response({"items": found, "next_cursor": None})
