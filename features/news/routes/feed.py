"""The feeds that an organization reads."""

from __future__ import annotations

from flask import Response

from api.authentication import actor_id, org_id
from api.blueprint import Tag, api_blueprint
from api.flags import require_flag
from api.marks import needs
from api.problem import BODY_PROBLEMS
from api.rate_limit import Budget, budget
from api.schemas import SubmitHeaders
from api.services import services
from features.news import service
from features.news.flags import NEWS as FLAG
from features.news.schemas import (
    ActiveFeedJobAnswer,
    FeedAnswer,
    FeedChangeRequest,
    FeedJobAnswer,
    FeedPath,
    FeedsPage,
    NewFeedRequest,
)
from infrastructure.audit import note
from jobs.submission import submit_job
from models.access import Scope
from utils.api_utils import json_response, tagged

NEWS = Tag("News", "Feeds (RSS, Atom) that are read regularly, and what they tell about tickers.")
blueprint = api_blueprint("feed", NEWS)


@blueprint.get("/feeds", responses={200: FeedsPage}, sends=("ETag",))
def list_feeds() -> Response:
    """All feeds, in the order in which they were added, each with its last error and when it is read next. `If-None-Match` is honoured."""
    with services().database.read() as connection:
        found = service.list_feeds(connection, org_id())
    return tagged({"items": found, "next_cursor": None})


@blueprint.post("/feeds", responses={201: FeedAnswer}, problems=(*BODY_PROBLEMS, "conflict", "feature_disabled"), sends=("Location",))
@needs(Scope.MANAGE)
def add_feed(body: NewFeedRequest) -> Response:
    """Read a feed from now on. It is read within a minute; POST /feeds/{feed_id}/fetch reads it at once.

    An address on this machine or in a network that is not public is refused when it is asked, also after a redirect.
    """
    require_flag(FLAG)
    with services().database.transaction() as connection:
        feed = service.add_feed(connection, org_id(), body.changes(), actor_id())
        note(connection, target=f"feeds/{feed.id}")
    return json_response(feed, 201, {"Location": f"/api/v1/feeds/{feed.id}"})


@blueprint.get("/feeds/<feed_id>", responses={200: FeedAnswer}, problems=("not_found",))
def get_feed(path: FeedPath) -> Response:
    """One feed, and how reading it stands."""
    with services().database.read() as connection:
        feed = service.find_feed(connection, org_id(), path.feed_id)
    return json_response(feed)


@blueprint.patch("/feeds/<feed_id>", responses={200: FeedAnswer}, problems=(*BODY_PROBLEMS, "not_found", "conflict", "feature_disabled"))
@needs(Scope.MANAGE)
def change_feed(path: FeedPath, body: FeedChangeRequest) -> Response:
    """Change a feed. One that is switched on again, or gets another address, is read within a minute."""
    require_flag(FLAG)
    with services().database.transaction() as connection:
        former = service.find_feed(connection, org_id(), path.feed_id)
        feed = service.change_feed(connection, org_id(), path.feed_id, body.changes(), actor_id())
        note(connection, before=former, after=feed)
    return json_response(feed)


@blueprint.delete("/feeds/<feed_id>", responses={204: None}, problems=("not_found",))
@needs(Scope.MANAGE)
def delete_feed(path: FeedPath) -> Response:
    """Read a feed no longer, and delete what it told."""
    with services().database.transaction() as connection:
        note(connection, before=service.find_feed(connection, org_id(), path.feed_id))
        service.delete_feed(connection, org_id(), path.feed_id)
    return Response(status=204)


@blueprint.post(
    "/feeds/<feed_id>/fetch",
    responses={202: FeedJobAnswer, 200: ActiveFeedJobAnswer},
    problems=("not_found", "conflict", "idempotency_mismatch", "organization_limit", "feature_disabled"),
    sends=("Location", "Idempotent-Replayed"),
)
@needs(Scope.ANALYSE)
@budget(Budget.BULK)
def fetch_feed(header: SubmitHeaders, path: FeedPath) -> Response:
    """Queue a job that reads a feed at once. Its item tells how many items are new, or why the feed cannot be read."""
    require_flag(FLAG)
    return submit_job(header.idempotency_key, lambda connection: service.submit_fetch(connection, org_id(), path.feed_id))
