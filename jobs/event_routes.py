"""Live progress of a job: as server-sent events, and as the same messages over a WebSocket."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

from flask import Blueprint, Response, request

from api.authentication import caller_check, org_id
from api.blueprint import JOBS, api_blueprint
from api.flags import flag_check, require_flag
from api.handshake import reduce_to_handshake, require_handshake, require_origin
from api.schemas import JobPath
from api.services import services
from jobs import service as job_service
from jobs.feed import FeedFull, JobFeed
from jobs.flags import STREAMS
from jobs.schemas import StreamHeaders, job_answer
from jobs.stalls import Situation
from models.job import Job
from utils.api_utils import ApiError
from utils.json_text import dump

State = tuple[Job, Situation]

blueprint = api_blueprint("job_events", JOBS)
socket_blueprint = Blueprint("job_socket", __name__)

SOCKET_PATH = "/ws/jobs/<job_id>"
HEARTBEAT_SECONDS = 5.0  # the longest silence of a stream; a write detects a client that has gone, and its place becomes free
MAX_MESSAGE_SIZE = 1000  # of a client's message; clients have nothing to send
# The receiving thread of a WebSocket must not keep the process from ending. Pings detect clients that have gone.
SOCKET_OPTIONS = {"thread_class": partial(threading.Thread, daemon=True), "ping_interval": 25, "max_message_size": MAX_MESSAGE_SIZE}
CLIENT_CLOSED_REQUEST = 499  # nginx's status for a client that has gone
RETRY_MILLISECONDS = 2000  # the delay after which a client reconnects
EVENT_STREAM: dict[str | int, Any] = {
    200: {
        "description": "Events `job`, each with the version as its id and the job as its data.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@blueprint.get(
    "/jobs/<job_id>/events", responses={**EVENT_STREAM, 204: None}, problems=("job_not_found", "feature_disabled", "too_many_streams")
)
def stream_job(path: JobPath, header: StreamHeaders) -> Response:
    """Follow a job until it ends: each change is an event.

    204 when the job has ended and its last version was received, so that browsers do not reconnect. 503 when too many streams are open:
    poll instead.
    """
    require_flag(STREAMS)
    job = job_service.find(services().database, org_id(), path.job_id)
    seen = header.last_id
    if job.is_finished and seen >= job.version:
        return Response(status=204)
    with ExitStack() as watching:
        watch(watching, job)
        changes = states(services().job_feed, situation_check(), job, seen, continuation_check())
        response = Response(_events(changes), mimetype="text/event-stream")
        response.call_on_close(watching.pop_all().close)
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold events back until its buffer is full
    return response


@socket_blueprint.before_request
def check_handshake() -> None:
    """Refuse a handshake with an HTTP status, which is not possible after the upgrade."""
    if request.method == "OPTIONS":
        return
    require_flag(STREAMS)
    require_handshake()
    require_origin()
    assert request.view_args is not None
    job_service.find(services().database, org_id(), request.view_args["job_id"])
    if services().job_feed.is_full:
        raise too_many_streams()
    reduce_to_handshake()


@socket_blueprint.route(SOCKET_PATH, websocket=True)
def follow_job(job_id: str) -> Response:
    """Follow a job until it ends: each message is the job as JSON."""
    from jobs.job_socket import serve  # noqa: PLC0415 — few processes need its libraries

    return serve(job_id)


# Also matches requests that werkzeug does not recognize as a WebSocket's: `check_handshake` answers what they lack, instead of 404.
socket_blueprint.add_url_rule(SOCKET_PATH, endpoint="follow_job")


@socket_blueprint.errorhandler(OSError)
def end_without_client(_: OSError) -> Response:
    """End a handshake whose client has gone. It is no error, and the answer is not sent."""
    return Response(status=CLIENT_CLOSED_REQUEST)


def continuation_check() -> Callable[[], bool]:
    """A function that returns whether a stream may continue: streams are enabled, and the caller's key or session is still valid."""
    is_enabled, is_valid = flag_check(STREAMS), caller_check()
    return lambda: is_enabled() and is_valid()


def situation_check() -> Callable[[], Situation]:
    """A function that returns what decides whether the caller's jobs get on."""
    return partial(services().stalls.situation, org_id())


def states(
    feed: JobFeed, situation_now: Callable[[], Situation], job: Job, seen: int, may_continue: Callable[[], bool]
) -> Iterator[State | None]:
    """Yield each version of the job that is newer than `seen`, and None when HEARTBEAT_SECONDS pass without one.

    Then a version comes again when what keeps it from getting on, or how long its items wait, has changed: the job has no trace of it.
    Ends when the job has ended or is gone, when the feed is closed, or when the stream may not continue.
    """
    latest: Job | None = job if job.version > seen else None
    told: Any = (None, None)
    while True:
        situation = situation_now()
        if latest is not None:
            if not may_continue():
                return
            job, seen, told = latest, latest.version, situation.untraced(latest)
            yield job, situation
            if job.is_finished:
                return
        latest = feed.wait(job.id, seen, HEARTBEAT_SECONDS)
        if latest is None:
            if feed.is_closed or feed.is_gone(job.id) or not may_continue():
                return
            if situation_now().untraced(job) != told:
                latest = job
            else:
                yield None


def _events(changes: Iterator[State | None]) -> Iterator[bytes]:
    yield b"retry: %d\n\n" % RETRY_MILLISECONDS
    for state in changes:
        if state is None:
            yield b": still there\n\n"
        else:
            yield b"id: %d\nevent: job\ndata: %s\n\n" % (state[0].version, dump(job_answer(*state)))


def watch(watching: ExitStack, job: Job) -> None:
    """Watch the job until `watching` ends. Raises ApiError too_many_streams when too many streams are open."""
    try:
        watching.enter_context(services().job_feed.watch(job))
    except FeedFull as error:
        raise too_many_streams() from error


def too_many_streams() -> ApiError:
    """The refusal of a stream past the limit of this process."""
    return ApiError(503, "too_many_streams", "Too many streams are open. Poll instead, or try again later.")
