"""What a thread does with a complete request: have the application answer it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

import structlog
from gunicorn.http import wsgi

from infrastructure.web_server.connection import Connection, Outcome
from infrastructure.web_server.outgoing import ClientGone
from infrastructure.web_server.refusal import BROKEN
from utils.cancellation import CLIENT_GONE

log = structlog.get_logger(__name__)

WEBSOCKET_SEND_SECONDS = 10.0


def answer(worker: Any, connection: Connection) -> Outcome:
    """Have the application answer the request."""
    try:
        return _respond(worker, connection)
    except StopIteration:
        return Outcome.LEAVE  # as flask-sock ends a WebSocket
    except OSError as error:
        if not connection.outgoing.is_broken:
            log.warning("connection lost", reason=str(error))
        return Outcome.DROP
    except Exception:
        request_id, problem = BROKEN.render()
        log.exception("the application failed", request_id=request_id)
        if not connection.outgoing.take_back():
            return Outcome.DROP  # in the middle of its answer
        with suppress(ClientGone):
            connection.outgoing.sendall(problem)
        return Outcome.CLOSE


def _respond(worker: Any, connection: Connection) -> Outcome:
    request = connection.incoming.request
    began = datetime.now()  # noqa: DTZ005 — gunicorn's log of requests wants a duration
    response, environ = wsgi.create(request, connection.outgoing, connection.peer, connection.listener, worker.cfg)
    environ.update({"wsgi.multithread": True, CLIENT_GONE: connection.is_client_gone})
    taken_over = None
    if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
        # Who takes the connection over writes to it as to any socket: it waits a little, and closes its own end.
        environ["gunicorn.socket"] = taken_over = connection.sock.dup()
        taken_over.settimeout(WEBSOCKET_SEND_SECONDS)
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
            worker.log.access(response, request, environ, datetime.now() - began)  # noqa: DTZ005 — likewise
            if hasattr(chunks, "close"):
                chunks.close()
    except StopIteration:
        taken_over = None
        raise
    finally:
        if taken_over is not None:
            taken_over.close()
    return Outcome.CLOSE if response.should_close() else Outcome.KEEP
