"""The state of the current request, in one typed object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import g

from models.api_key import Principal
from models.session import Session


@dataclass(slots=True)
class RequestState:
    """Created at the beginning of a request (api/request_log.py); the hooks before a route fill it in.

    `started` is by `time.perf_counter`. `principal` is None for an unauthenticated request, and `session` for one without a session.
    """

    request_id: str
    started: float
    view: Callable[..., Any] | None = None
    needs_key: bool = False
    principal: Principal | None = None
    session: Session | None = None


def begin_request_state(state: RequestState) -> None:
    """Set the state of the current request."""
    g._bellwether_request_state = state


def find_request_state() -> RequestState | None:
    """The state of the current request; None when the request failed before its first hook."""
    state: RequestState | None = g.get("_bellwether_request_state")
    return state


def request_state() -> RequestState:
    """The state of the current request."""
    state: RequestState = g._bellwether_request_state
    return state
