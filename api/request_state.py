"""The state of the current request, in one typed object."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from flask import request
from werkzeug.utils import cached_property

from models.access import Principal
from models.session import Session
from utils.api_utils import StrictRequest
from utils.ids import new_id

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HeaderPairs: TypeAlias = tuple[tuple[str, str], ...]

_VALID_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(slots=True)
class RequestState:
    """Created with its request; the hooks around a route fill it in.

    `started` is by `time.perf_counter`. `principal` is None for an unauthenticated request, and `session` for one without a session.
    The hooks leave headers here, and Application adds them to the answer in one step: an addition to the headers of a response costs
    several times as much, because it copies and searches the others.
    """

    request_id: str
    started: float
    view: Callable[..., Any] | None = None
    needs_key: bool = False
    principal: Principal | None = None
    session: Session | None = None
    ticker: str | None = None  # what the request is about, for the log; validated
    varies_by_encoding: bool = False  # whether the answer depends on Accept-Encoding, unless its own headers say so
    limit_headers: HeaderPairs = ()
    policy_headers: HeaderPairs = ()


class StatefulRequest(StrictRequest):
    """A request with its state. Its id is the caller's, if that is valid."""

    def __init__(self, environ: WSGIEnvironment, populate_request: bool = True, shallow: bool = False) -> None:
        super().__init__(environ, populate_request, shallow)
        header = environ.get("HTTP_X_REQUEST_ID")
        self.state = RequestState(header if header and _VALID_REQUEST_ID.fullmatch(header) else new_id(), perf_counter())

    @cached_property
    def blueprints(self) -> list[str]:
        """The names of the blueprint and of those around it, found once: Flask asks three times a request."""
        return super().blueprints


def request_state() -> RequestState:
    """The state of the current request."""
    return cast(StatefulRequest, request).state
