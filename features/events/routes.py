"""Events over HTTP: a list, a stream, and events of the caller's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

from flask import Response
from sqlalchemy import Connection

from api.authentication import actor_id, org_id
from api.blueprint import Tag, api_blueprint
from api.flags import require_flag
from api.idempotency import Answer
from api.marks import needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.repeatable import answer_once
from api.schemas import SubmitHeaders
from api.services import services
from features.events import service
from features.events.schemas import (
    EventAnswer,
    EventPath,
    EventRequest,
    EventsPage,
    EventsQuery,
    EventStreamQuery,
)
from features.events.service import EventFilter
from jobs.event_routes import RETRY_MILLISECONDS, continuation_check, too_many_streams
from jobs.feed import FeedFull
from jobs.flags import STREAMS
from jobs.schemas import StreamHeaders
from models.access import Scope
from models.event import Event
from utils.api_utils import json_response
from utils.json_text import dump

EVENTS = Tag("Events", "What happened: verdicts that changed, prices that came, jobs that ended, and events of your own.")
EVENT_STREAM: dict[str | int, Any] = {
    200: {
        "description": "Events, each with its position as its id, its type as its name, and the event as its data.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}

blueprint = api_blueprint("events", EVENTS)


@blueprint.get("/events", responses={200: EventsPage})
def list_events(query: EventsQuery) -> Response:
    """The events of the last 30 days, newest first: those of the organization, and those of prices that all share."""
    scope = ["events", org_id(), query.type, query.subject]
    before = read_cursor(query.cursor, scope)
    wanted = EventFilter(query.type, query.subject)
    with services().database.read() as connection:
        rows = service.list_events(connection, org_id(), wanted, before[0] if before else None, query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last.id])
    return json_response({"items": items, "next_cursor": next_cursor})


@blueprint.post(
    "/events",
    responses={201: EventAnswer, 200: EventAnswer},
    problems=(*BODY_PROBLEMS, "conflict", "idempotency_mismatch"),
    sends=("Location", "Idempotent-Replayed"),
)
@needs(Scope.MANAGE)
def add_event(header: SubmitHeaders, body: EventRequest) -> Response:
    """Tell of an event of your own: workflows that wait for its type start, and whoever follows the events gets it.

    200 with the stored event where its `key` is known already.
    """
    event = body.event(actor_id())

    def answer(connection: Connection) -> Answer:
        stored, is_new = service.add(connection, org_id(), event)
        return Answer(201 if is_new else 200, f"/api/v1/events/{stored.id}", dump(stored).decode())

    return answer_once(header.idempotency_key, answer)


@blueprint.get("/events/<event_id>", responses={200: EventAnswer}, problems=("not_found",))
def get_event(path: EventPath) -> Response:
    """One event."""
    with services().database.reader() as connection:
        event = service.find(connection, org_id(), path.event_id)
    return json_response(event)


@blueprint.get("/events/stream", responses=EVENT_STREAM, problems=("feature_disabled", "too_many_streams"))
def stream_events(query: EventStreamQuery, header: StreamHeaders) -> Response:
    """Follow the events as server-sent events, in the order of their positions and without a gap.

    A client that reconnects sends `Last-Event-ID` and misses nothing. An event may come twice: its `id` tells. 503 when too many streams
    are open: read GET /events instead.
    """
    require_flag(STREAMS)
    after = header.last_id or query.after
    feed = services().job_feed
    with ExitStack() as holding:
        try:
            holding.enter_context(feed.hold())
        except FeedFull as error:
            raise too_many_streams() from error
        may_continue = continuation_check()
        followed = service.follow(services().database, org_id(), after, feed.pause)
        pieces = _pieces(followed, query.wait, lambda: not feed.is_closed and may_continue())
        response = Response(pieces, mimetype="text/event-stream")
        response.call_on_close(holding.pop_all().close)
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold events back until its buffer is full
    return response


def _pieces(followed: Iterator[Event | None], waits: bool, may_continue: Callable[[], bool]) -> Iterator[bytes]:
    yield b"retry: %d\n\n" % RETRY_MILLISECONDS
    while may_continue():
        event = next(followed)
        if event is None:
            yield b": still there\n\n"
            if not waits:
                return
        else:
            yield b"id: %d\nevent: %s\ndata: %s\n\n" % (event.position or 0, event.type.encode(), dump(event))
