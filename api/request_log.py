"""Gives every request an id, for its log lines and its answer, and writes one log line when it is answered."""

from __future__ import annotations

import re
from time import perf_counter

import structlog
from flask import Flask, Response, request

from api.request_state import RequestState, begin_request_state, request_state
from utils.ids import new_id

log = structlog.get_logger(__name__)

_VALID_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def register_request_log(app: Flask) -> None:
    """Register this before every other hook: it creates the RequestState."""

    @app.before_request
    def begin() -> None:
        header = request.headers.get("X-Request-ID", "")
        request_id = header if _VALID_REQUEST_ID.fullmatch(header) else new_id()
        begin_request_state(RequestState(request_id, perf_counter()))
        structlog.contextvars.bind_contextvars(request_id=request_id)

    @app.after_request
    def end(response: Response) -> Response:
        # Each use of the proxy `request` looks the context up, so this hook, which runs for every request, does it once.
        current = request._get_current_object()  # type: ignore[attr-defined]
        state = request_state()
        response.headers["X-Request-ID"] = state.request_id
        log.info(
            "request",
            method=current.method,
            route=current.url_rule.rule if current.url_rule else None,
            status=response.status_code,
            ms=round((perf_counter() - state.started) * 1000, 2),
        )
        return response

    @app.teardown_request
    def clear_context(_: BaseException | None) -> None:
        # The thread's later log lines do not belong to this request.
        structlog.contextvars.clear_contextvars()
