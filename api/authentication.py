"""Who is calling. Every route needs a key, except those marked `@public`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, g, redirect, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import Headers

import database
from features.accounts.api_keys import MASTER, KeyRing, digest_of
from features.accounts.sessions import COOKIE, Sessions
from models.api_key import Principal
from models.errors import Forbidden
from utils.api_utils import ApiError

PUBLIC: dict[str, Any] = {"security": []}  # what the OpenAPI document says of a public route
RING, SESSIONS = "key_ring", "sessions"  # the application's extensions
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def org_id() -> int:
    """The organization that the request acts for."""
    principal: Principal = g.principal
    return principal.org_id


def key_id() -> str:
    """Which key the caller holds; `master` for the master key."""
    principal: Principal = g.principal
    return principal.key_id


def is_authenticated(ask_database: bool = True) -> bool:
    """Whether the caller of a public route gave a valid key. False when the database would have to say so and is not asked, or away."""
    ring: KeyRing = current_app.extensions[RING]
    key = _presented_key(request.headers)
    if key and ring.is_masters(digest_of(key)):
        return True
    return ask_database and caller_check(if_away=False)()


def caller_check(if_away: bool) -> Callable[[], bool]:
    """What says whether the caller is known, also after the request has been answered; `if_away` is what it says without the database."""
    ring: KeyRing = current_app.extensions[RING]
    sessions: Sessions = current_app.extensions[SESSIONS]
    key, cookie = _presented_key(request.headers), request.cookies.get(COOKIE, "")

    def is_known() -> bool:
        try:
            return (ring.principal(key) if key else sessions.find(cookie)) is not None
        except SQLAlchemyError as error:
            if not database.is_unavailable(error):
                raise
            return if_away

    return is_known


def register_auth(app: Flask, ring: KeyRing, sessions: Sessions) -> None:
    """Find out who is calling, by key or by session.

    `register_guard` refuses whom nobody knows; what counts requests comes between the two.
    """
    app.extensions[RING], app.extensions[SESSIONS] = ring, sessions

    @app.before_request
    def identify() -> None:
        state = g._get_current_object()
        here = request._get_current_object()  # type: ignore[attr-defined]
        state.principal = state.session = None
        state.view = app.view_functions.get(here.endpoint)
        # Unknown paths and wrong methods get their own answer; a CORS preflight carries no key.
        state.needs_key = here.endpoint is not None and here.method != "OPTIONS" and not getattr(state.view, "is_public", False)
        if not state.needs_key:
            return
        key = _presented_key(here.headers)
        if key:
            state.principal = ring.principal(key)
        elif cookie := here.cookies.get(COOKIE):
            state.session = sessions.find(cookie)
            state.principal = state.session.principal if state.session else None


def register_guard(app: Flask) -> None:
    """Refuse requests without a valid key before they reach a route, and changes that come from another site with a browser's cookie."""

    @app.before_request
    def refuse_strangers() -> Any:
        state = g._get_current_object()
        if not state.needs_key:
            return None
        if state.principal is None:
            return _refuse_stranger(state.view)
        if getattr(state.view, "is_admin", False) and state.principal.key_id != MASTER:
            raise Forbidden("This needs the master key (MASTER_API_KEY).")
        is_change = state.session is not None and request.method not in SAFE_METHODS
        if is_change and not state.session.allows_change(request.headers.get(CSRF_HEADER)):
            raise Forbidden(f"A change made with a session needs its token as {CSRF_HEADER}. Load the page again.")
        return None


def _refuse_stranger(view: Any) -> Any:
    page = getattr(view, "signs_in_at", None)
    if page is not None:
        wanted = request.full_path.rstrip("?")
        return redirect(page if wanted == "/" else f"{page}?{urlencode({'next': wanted})}", 303)
    given = "The API key is not valid." if _presented_key(request.headers) else "An API key is needed."
    detail = f"{given} Send it as X-API-Key: KEY or Authorization: Bearer KEY."
    raise ApiError(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="bellwether"'})


def _presented_key(headers: Headers) -> str:
    key = headers.get("X-API-Key", "").strip()
    if key:
        return key
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""
