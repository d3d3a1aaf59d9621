"""The strategies: the built-in ones, and those of the organization."""

from __future__ import annotations

from flask import Response
from sqlalchemy import Connection

from api.authentication import org_id
from api.blueprint import Tag, api_blueprint
from api.idempotency import Answer
from api.marks import needs
from api.problem import BODY_PROBLEMS
from api.repeatable import answer_once
from api.schemas import SubmitHeaders
from api.services import services
from features.strategies import service
from features.strategies.schemas import (
    NewStrategyRequest,
    StrategiesQuery,
    StrategyDetail,
    StrategyPage,
    StrategyPath,
    StrategyRequest,
    detail_answer,
    strategy_answer,
)
from models.access import Scope
from models.strategy import STRATEGIES
from utils.api_utils import json_response, tagged
from utils.json_text import dump

blueprint = api_blueprint("strategy", Tag("Strategies", "What weighs the indicators: five are built in, and you store your own."))


@blueprint.get("/strategies", responses={200: StrategyPage}, sends=("ETag",))
def list_strategies(query: StrategiesQuery) -> Response:
    """The strategies, with their weights and trade rules: the built-in ones, then your own. `If-None-Match` is honoured."""
    with services().database.reader() as connection:
        found = service.list_own(connection, org_id())
    own = [(each.strategy, each.archived_at is not None) for each in found]
    items = [strategy_answer(strategy) for strategy in STRATEGIES.values()]
    items += [strategy_answer(strategy, is_archived=is_archived) for strategy, is_archived in own if query.archived or not is_archived]
    return tagged({"items": items, "next_cursor": None})


@blueprint.get("/strategies/<strategy_id>", responses={200: StrategyDetail}, problems=("not_found",), sends=("ETag",))
def get_strategy(path: StrategyPath) -> Response:
    """One strategy; of your own with its versions. `If-None-Match` is honoured."""
    built_in = STRATEGIES.get(path.strategy_id)
    if built_in is not None:
        return tagged({**strategy_answer(built_in), "created_at": None, "updated_at": None, "versions": []})
    with services().database.reader() as connection:
        own, versions = service.find_own(connection, org_id(), path.strategy_id)
    return tagged(detail_answer(own, versions))


@blueprint.post(
    "/strategies",
    responses={201: StrategyDetail},
    problems=(*BODY_PROBLEMS, "conflict", "idempotency_mismatch"),
    sends=("Location", "Idempotent-Replayed"),
)
@needs(Scope.MANAGE)
def create_strategy(header: SubmitHeaders, body: NewStrategyRequest) -> Response:
    """Store a strategy of your own, made from a built-in one. It can be named wherever a strategy is."""

    def create(connection: Connection) -> Answer:
        own = service.create_strategy(connection, org_id(), body.draft(), body.id)
        _, versions = service.find_own(connection, org_id(), own.strategy.id)
        return Answer(201, f"/api/v1/strategies/{own.strategy.id}", dump(detail_answer(own, versions)).decode())

    return answer_once(header.idempotency_key, create)


@blueprint.put("/strategies/<strategy_id>", responses={200: StrategyDetail}, problems=(*BODY_PROBLEMS, "not_found", "conflict"))
@needs(Scope.MANAGE)
def replace_strategy(path: StrategyPath, body: StrategyRequest) -> Response:
    """Replace one of your own strategies. Other rules make a new version, other words do not; an archived one is taken out of the archive.

    Results say by which version they were made, and stay. Jobs that are queued go on with the version of their submission.
    """
    with services().database.transaction() as connection:
        service.change_strategy(connection, org_id(), path.strategy_id, body.draft())
        own, versions = service.find_own(connection, org_id(), path.strategy_id)
    return json_response(detail_answer(own, versions))


@blueprint.delete("/strategies/<strategy_id>", responses={204: None}, problems=("not_found", "conflict"))
@needs(Scope.MANAGE)
def delete_strategy(path: StrategyPath) -> Response:
    """Delete one of your own strategies. One that something was asked for by is archived instead: results and versions stay readable."""
    with services().database.transaction() as connection:
        service.remove_strategy(connection, org_id(), path.strategy_id)
    return Response(status=204)
