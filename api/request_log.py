"""Puts the id of a request on its log lines, and writes one log line when it is answered."""

from __future__ import annotations

from time import perf_counter

import structlog
from flask import Response

from api.application import Application
from api.request_state import RequestState, StatefulRequest
from models.access import Principal

log = structlog.get_logger(__name__)


def register_request_log(app: Application) -> None:
    """Register this before every other hook, so that their log lines have the id."""

    def begin(request: StatefulRequest) -> None:
        structlog.contextvars.bind_contextvars(request_id=request.state.request_id)

    def end(request: StatefulRequest, response: Response) -> Response:
        state = request.state
        principal = state.principal
        log.info(
            "request",
            method=request.method,
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            ms=round((perf_counter() - state.started) * 1000, 2),
            # Ids, never what was sent: a key that is not valid may be one of another service.
            key_id=None if principal is None else principal.key_id,
            user_id=None if principal is None else principal.user_id,
            via=None if principal is None else _way_of(state, principal),
            address=request.remote_addr,  # of the client, as far as TRUSTED_PROXIES are to be believed (ProxyFix)
            ticker=state.ticker,
        )
        return response

    app.add_hooks(begin, end)

    @app.teardown_request
    def clear_context(_: BaseException | None) -> None:
        # The thread's later log lines do not belong to this request.
        structlog.contextvars.clear_contextvars()


def _way_of(state: RequestState, principal: Principal) -> str:
    """How the caller proved who it is."""
    if state.session is not None:
        return "session"
    return "key" if principal.session_id is None else "token"
