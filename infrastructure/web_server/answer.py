"""Runs the application for a complete request, in a thread."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

import structlog
from gunicorn.http import wsgi

from infrastructure.web_server.connection import Connection, Outcome
from infrastructure.web_server.outgoing import ClientGone
from infrastructure.web_server.refusal import BROKEN
from infrastructure.web_server.response import Response
from utils.cancellation import CLIENT_GONE

log = structlog.get_logger(__name__)

WEBSOCKET_SEND_SECONDS = 10.0


def answer(worker: Any, connection: Connection) -> Outcome:
    """Run the application for the connection's request and send its response."""
    try:
        return _respond(worker, connection)
    except StopIteration:
        return Outcome.LEAVE  # flask-sock raises it at the end of a WebSocket
    except OSError as error:
        if not connection.outgoing.is_broken:
            log.warning("connection lost", reason=str(error))
        return Outcome.DROP
    except Exception:
        request_id, problem = BROKEN.render()
        log.exception("the application failed", request_id=request_id)
        if not connection.outgoing.take_back():
            return Outcome.DROP  # a part of the response is already sent
        with suppress(ClientGone):
            connection.outgoing.sendall(problem)
        return Outcome.CLOSE


def _respond(worker: Any, connection: Connection) -> Outcome:
    request = connection.incoming.request
    started = datetime.now()  # noqa: DTZ005 — gunicorn's access log needs a duration
    response, environ = wsgi.create(request, connection.outgoing, connection.peer, connection.listener, worker.cfg, Response)
    environ.update({"wsgi.multithread": True, CLIENT_GONE: connection.is_client_gone})
    websocket = None
    if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
        # The WebSocket library writes to the socket itself: it gets a duplicate with a timeout, which is closed separately.
        environ["gunicorn.socket"] = websocket = connection.sock.dup()
        websocket.settimeout(WEBSOCKET_SEND_SECONDS)
    worker.count_request(response)
    connection.outgoing.hold_first()
    try:
        chunks = worker.wsgi(environ, response.start_response)
        try:
            for chunk in chunks:
                response.write(chunk)
            response.close()
            connection.outgoing.release()
        finally:
            worker.log.access(response, request, environ, datetime.now() - started)  # noqa: DTZ005 — likewise
            if hasattr(chunks, "close"):
                chunks.close()
    except StopIteration:
        websocket = None  # the library closes it
        raise
    finally:
        if websocket is not None:
            websocket.close()
    return Outcome.CLOSE if response.should_close() else Outcome.KEEP
