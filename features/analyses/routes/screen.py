"""Saved screens."""

from __future__ import annotations

from flask import Response

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.marks import needs
from api.problem import BODY_PROBLEMS
from api.services import services
from features.analyses import screens
from features.analyses.routes.tags import SCREENS
from features.analyses.schemas.result import ResultsFilterQuery
from features.analyses.schemas.screen import NewScreenRequest, SavedScreen, ScreenChangeRequest, ScreenPage, ScreenPath
from features.analyses.store import saved_screen as screen_store
from models.access import Scope
from utils.api_utils import json_response, tagged

blueprint = api_blueprint("screen", SCREENS)


@blueprint.get("/screens", responses={200: ScreenPage}, sends=("ETag",))
def list_screens() -> Response:
    """All saved screens, by name. `If-None-Match` is honoured."""
    with services().database.reader() as connection:
        items = screen_store.list_screens(connection, org_id())
    return tagged({"items": items, "next_cursor": None})


@blueprint.post("/screens", responses={201: SavedScreen}, problems=(*BODY_PROBLEMS, "conflict"), sends=("Location",))
@needs(Scope.MANAGE)
def save_screen(body: NewScreenRequest) -> Response:
    """Save a filter, an order and columns under a name."""
    screen = screens.save_screen(services().database, org_id(), body.name, _stored(body.query))
    return json_response(screen, 201, {"Location": f"/api/v1/screens/{screen.id}"})


@blueprint.get("/screens/<screen_id>", responses={200: SavedScreen}, problems=("not_found",), sends=("ETag",))
def get_screen(path: ScreenPath) -> Response:
    """One saved screen. `If-None-Match` is honoured."""
    return tagged(vars(screens.find_screen(services().database, org_id(), path.screen_id)))


@blueprint.patch("/screens/<screen_id>", responses={200: SavedScreen}, problems=(*BODY_PROBLEMS, "not_found", "conflict"))
@needs(Scope.MANAGE)
def change_screen(path: ScreenPath, body: ScreenChangeRequest) -> Response:
    """Rename a saved screen, or replace its query."""
    query = None if body.query is None else _stored(body.query)
    return json_response(screens.change_screen(services().database, org_id(), path.screen_id, body.name, query))


@blueprint.delete("/screens/<screen_id>", responses={204: None}, problems=("not_found",))
@needs(Scope.MANAGE)
def delete_screen(path: ScreenPath) -> Response:
    """Delete a saved screen. Results are not affected."""
    screens.delete_screen(services().database, org_id(), path.screen_id)
    return Response(status=204)


def _stored(query: ResultsFilterQuery) -> dict[str, object]:
    """What differs from the defaults."""
    return query.model_dump(exclude_defaults=True)
