"""Who is calling. Every route needs a key or a session, except those marked `@public`.

Whose a key or a session is, the feature that keeps accounts says, through the protocols here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from flask import Flask, redirect, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import Headers

from api.request_state import request_state
from api.services import services
from models.api_key import MASTER, Principal
from models.errors import Forbidden
from models.session import Session
from utils.api_utils import ApiError
from utils.database_errors import is_unavailable

if TYPE_CHECKING:
    from api.application import Application

PUBLIC: dict[str, Any] = {"security": []}  # what the OpenAPI document says of a public route
SESSION_COOKIE = "bellwether_session"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class KeyVerifier(Protocol):
    """Tells whose a key is. `principal` raises the database's errors; `is_master` asks no database."""

    def principal(self, key: str) -> Principal | None:
        """Whom a key acts for; None for a key that nobody holds."""

    def is_master(self, key: str) -> bool:
        """Whether it is the master key."""


class SessionKeeper(Protocol):
    """Begins, finds and ends the sessions of browsers. Every method raises the database's errors."""

    def begin(self, key: str, principal: Principal, replaced: str | None = None) -> str:
        """Store a session for a key that is known to be good; its token. The session of the token `replaced` ends."""

    def find(self, token: str) -> Session | None:
        """The session of a token; None for one that is not good."""

    def end(self, session: Session) -> None:
        """End a session."""


@dataclass(frozen=True)
class Authentication:
    """What the feature that keeps accounts registers."""

    keys: KeyVerifier
    sessions: SessionKeeper


def principal() -> Principal:
    """Who makes the request, on a route that needs a key."""
    who = request_state().principal
    assert who is not None, "a public route does not know who is calling"
    return who


def org_id() -> int:
    """The organization that the request acts for."""
    return principal().org_id


def key_id() -> str:
    """Which key the caller holds; `master` for the master key."""
    return principal().key_id


def is_authenticated(ask_database: bool = True) -> bool:
    """Whether the caller of a public route sent a valid key. False when only the database could say so and it is not asked, or away."""
    key = presented_key(request.headers)
    if key and services().authentication.keys.is_master(key):
        return True
    return ask_database and caller_check(if_away=False)()


def caller_check(if_away: bool) -> Callable[[], bool]:
    """A function that says whether the caller is known, also after the request has ended; `if_away` is its answer without the database."""
    authentication = services().authentication
    key, cookie = presented_key(request.headers), request.cookies.get(SESSION_COOKIE, "")

    def is_known() -> bool:
        try:
            return (authentication.keys.principal(key) if key else authentication.sessions.find(cookie)) is not None
        except SQLAlchemyError as error:
            if not is_unavailable(error):
                raise
            return if_away

    return is_known


def register_authentication(app: Application) -> None:
    """Find out who is calling, by key or by session.

    `register_guard` refuses callers whom nobody knows; what counts requests comes between the two.
    """

    @app.before_request
    def identify() -> None:
        state = request_state()
        current = request._get_current_object()  # type: ignore[attr-defined]
        state.view = app.view_functions.get(current.endpoint)
        # Unknown paths and wrong methods get their own answer; a CORS preflight carries no key.
        state.needs_key = current.endpoint is not None and current.method != "OPTIONS" and not getattr(state.view, "is_public", False)
        if not state.needs_key:
            return
        key = presented_key(current.headers)
        if key:
            state.principal = app.services.authentication.keys.principal(key)
        elif cookie := current.cookies.get(SESSION_COOKIE):
            state.session = app.services.authentication.sessions.find(cookie)
            state.principal = state.session.principal if state.session else None


def register_guard(app: Flask) -> None:
    """Refuse requests without a valid key before they reach a route, and changes that come from another site with a browser's cookie."""

    @app.before_request
    def refuse_strangers() -> Any:
        state = request_state()
        if not state.needs_key:
            return None
        if state.principal is None:
            return _refuse_stranger(state.view)
        if getattr(state.view, "is_admin", False) and state.principal.key_id != MASTER:
            raise Forbidden("This needs the master key (MASTER_API_KEY).")
        session = state.session
        if session is not None and request.method not in SAFE_METHODS and not session.allows_change(request.headers.get(CSRF_HEADER)):
            raise Forbidden(f"A change made with a session needs its token as {CSRF_HEADER}. Load the page again.")
        return None


def _refuse_stranger(view: Any) -> Any:
    page = getattr(view, "signs_in_at", None)
    if page is not None:
        wanted = request.full_path.rstrip("?")
        return redirect(page if wanted == "/" else f"{page}?{urlencode({'next': wanted})}", 303)
    problem = "The API key is not valid." if presented_key(request.headers) else "An API key is needed."
    detail = f"{problem} Send it as X-API-Key: KEY or Authorization: Bearer KEY."
    raise ApiError(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="bellwether"'})


def presented_key(headers: Headers) -> str:
    """The API key that a request carries, in either of its headers; empty without one."""
    key = headers.get("X-API-Key", "").strip()
    if key:
        return key
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""
