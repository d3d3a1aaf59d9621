"""Clients that close their connection before they are answered: what is made for them is given up, quietly."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from flask import Flask, Response, request

from models.errors import ClientGone
from utils.cancellation import CLIENT_GONE, Check, always_wanted

log = structlog.get_logger(__name__)

STATUS = 499  # for logs and metrics, as nginx has it: nobody reads the answer


def client_check() -> Check:
    """What long work for the request at hand calls now and then: it raises ClientGone once the client has closed its connection.

    It never does where the server cannot tell. It may be called after the request's context has ended.
    """
    is_gone: Callable[[], bool] | None = request.environ.get(CLIENT_GONE)
    if is_gone is None:
        return always_wanted

    def check() -> None:
        if is_gone():
            raise ClientGone

    return check


def register_client_gone(app: Flask) -> None:
    """End requests whose client has gone without a report: it is no error of anybody's."""

    @app.errorhandler(ClientGone)
    def give_up(_: ClientGone) -> Response:
        log.info("client gone")
        return Response(status=STATUS)
