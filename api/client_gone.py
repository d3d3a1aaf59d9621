"""Ends the work for a client that closed its connection before its answer was ready."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from flask import Flask, Response, request

from models.errors import ClientGone
from utils.cancellation import CLIENT_GONE, Check, always_wanted

log = structlog.get_logger(__name__)

STATUS = 499  # nginx's code for this case; it appears in logs and metrics only


def client_check() -> Check:
    """A function for long work to call now and then: it raises ClientGone once the client of the current request has gone.

    It never raises on a server that cannot detect that. It may be called after the request's context has ended.
    """
    is_gone: Callable[[], bool] | None = request.environ.get(CLIENT_GONE)
    if is_gone is None:
        return always_wanted

    def check() -> None:
        if is_gone():
            raise ClientGone

    return check


def register_client_gone(app: Flask) -> None:
    """Answer ClientGone with status 499 and an info line instead of an error report."""

    @app.errorhandler(ClientGone)
    def end_request(_: ClientGone) -> Response:
        log.info("client gone")
        return Response(status=STATUS)
