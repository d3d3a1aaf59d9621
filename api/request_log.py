"""Every request gets an id, which is on each of its log lines and in its answer, and one log line when it is answered."""

from __future__ import annotations

import re
from time import perf_counter

import structlog
from flask import Flask, Response, request

from api.request_state import RequestState, begin_request_state, request_state
from utils.ids import new_id

log = structlog.get_logger(__name__)

_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def register_request_log(app: Flask) -> None:
    """To be registered before every other hook: it makes the RequestState."""

    @app.before_request
    def begin() -> None:
        sent = request.headers.get("X-Request-ID", "")
        request_id = sent if _SANE_REQUEST_ID.fullmatch(sent) else new_id()
        begin_request_state(RequestState(request_id, perf_counter()))
        structlog.contextvars.bind_contextvars(request_id=request_id)

    @app.after_request
    def end(response: Response) -> Response:
        # Each use of `request` looks the context up again; this runs for every request, so it looks once.
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
    def forget(_: BaseException | None) -> None:
        # The thread goes on to other work, whose lines are not this request's.
        structlog.contextvars.clear_contextvars()
