"""Who is calling. Every route needs a key, except those marked `@public`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import Headers

import database
from models.api_key import Principal
from models.errors import Forbidden
from services.api_key import MASTER, KeyRing
from utils.api_utils import ApiError

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC: dict[str, Any] = {"security": []}  # what the OpenAPI document says of a public route
RING = "key_ring"  # the application's extension


def public(view: View) -> View:
    """Mark a route that needs no key."""
    view.__dict__["is_public"] = True
    return view


def admin(view: View) -> View:
    """Mark a route that is for the master key alone; refused before its input is looked at."""
    view.__dict__["is_admin"] = True
    return view


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
    if not key or ring.is_master(key):
        return bool(key)
    if not ask_database:
        return False
    try:
        return ring.principal(key) is not None
    except SQLAlchemyError as error:
        if not database.is_unavailable(error):
            raise
        return False


def register_auth(app: Flask, ring: KeyRing) -> None:
    """Find out who is calling. `register_guard` refuses whom nobody knows; what counts requests comes between the two."""
    app.extensions[RING] = ring

    @app.before_request
    def identify() -> None:
        state = g._get_current_object()
        here = request._get_current_object()  # type: ignore[attr-defined]
        state.principal = None
        state.view = app.view_functions.get(here.endpoint)
        # Unknown paths and wrong methods get their own answer; a CORS preflight carries no key.
        state.needs_key = here.endpoint is not None and here.method != "OPTIONS" and not getattr(state.view, "is_public", False)
        if not state.needs_key:
            return
        key = _presented_key(here.headers)
        if key:
            state.principal = ring.principal(key)


def register_guard(app: Flask) -> None:
    """Refuse requests without a valid key before they reach a route."""

    @app.before_request
    def refuse_strangers() -> None:
        state = g._get_current_object()
        if not state.needs_key:
            return
        if state.principal is not None:
            if getattr(state.view, "is_admin", False) and state.principal.key_id != MASTER:
                raise Forbidden("This needs the master key (MASTER_API_KEY).")
            return
        given = "The API key is not valid." if _presented_key(request.headers) else "An API key is needed."
        detail = f"{given} Send it as X-API-Key: KEY or Authorization: Bearer KEY."
        raise ApiError(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="bellwether"'})


def _presented_key(headers: Headers) -> str:
    key = headers.get("X-API-Key", "").strip()
    if key:
        return key
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""
