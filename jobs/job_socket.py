"""Live progress of a job over a WebSocket. Imported at the first handshake, because its libraries are slow to import."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

from flask import Response
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server
from wsproto.utilities import ProtocolError

from api.authentication import org_id
from api.services import services
from jobs import service as job_service
from jobs.event_routes import SOCKET_PATH, continuation_check, situation_check, states, watch
from jobs.schemas import job_answer
from utils.api_utils import ApiError
from utils.json_text import dump

SEND_ERRORS = (ConnectionClosed, ProtocolError, OSError)  # when the client has gone; which one depends on the receiving thread


class _View:
    """Holds the view that flask-sock makes of a function. It stands in for the blueprint to which flask-sock adds its views."""

    respond: Callable[..., Response]

    def route(self, _rule: str, **_options: Any) -> Callable[[Callable[..., Response]], None]:
        """A decorator that keeps the view."""
        return lambda view: setattr(self, "respond", view)


_view = _View()


@Sock().route(SOCKET_PATH, bp=_view)
def _follow(socket: Server, job_id: str) -> None:
    socket.input_buffer = deque(maxlen=0)  # messages of the client are dropped, so that they do not accumulate
    job = job_service.find(services().database, org_id(), job_id)
    with ExitStack() as watching:
        try:
            watch(watching, job)
        except ApiError:
            socket.close(1013, "too many streams, poll instead")
            return
        with suppress(*SEND_ERRORS):
            for state in states(services().job_feed, situation_check(), job, 0, continuation_check()):
                if state is not None:
                    socket.send(dump(job_answer(*state)).decode())
                elif not socket.connected:
                    return


def serve(job_id: str) -> Response:
    """Upgrade the current request, and send each version of the job as a message until it ends."""
    return _view.respond(job_id=job_id)
