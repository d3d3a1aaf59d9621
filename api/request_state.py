"""What is known of the request at hand, in one typed object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import g

from models.api_key import Principal
from models.session import Session


@dataclass(slots=True)
class RequestState:
    """Made as a request begins (api/request_log.py); the hooks before a route fill it in.

    `started` is by `time.perf_counter`. `principal` is None until somebody has been authenticated, and `session` unless a session did it.
    """

    request_id: str
    started: float
    view: Callable[..., Any] | None = None
    needs_key: bool = False
    principal: Principal | None = None
    session: Session | None = None


def begin_request_state(state: RequestState) -> None:
    """Keep the state for the rest of the request."""
    g._bellwether_request_state = state


def find_request_state() -> RequestState | None:
    """The state; None for a request that failed before it had begun."""
    state: RequestState | None = g.get("_bellwether_request_state")
    return state


def request_state() -> RequestState:
    """The state of a request that has begun."""
    state: RequestState = g._bellwether_request_state
    return state
