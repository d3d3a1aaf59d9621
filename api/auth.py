"""Who is calling. Every route needs a key, except those marked `@public`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, g, request
from werkzeug.datastructures import EnvironHeaders

from models.api_key import Principal
from services.api_key import KeyRing
from utils.api_utils import ApiError

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC: dict[str, Any] = {"security": []}  # what the OpenAPI document says of a public route


def public(view: View) -> View:
    """Mark a route that needs no key."""
    view.__dict__["is_public"] = True
    return view


def org_id() -> int:
    """The organization that the request acts for."""
    principal: Principal = g.principal
    return principal.org_id


def register_auth(app: Flask, ring: KeyRing) -> None:
    """Refuse requests without a valid key before they reach a route."""

    @app.before_request
    def authenticate() -> None:
        # Unknown paths and wrong methods get their own answer; a CORS preflight carries no key.
        here = request._get_current_object()  # type: ignore[attr-defined]
        if here.endpoint is None or here.method == "OPTIONS":
            return
        if getattr(app.view_functions[here.endpoint], "is_public", False):
            return
        key = _presented_key(here.headers)
        principal = ring.principal(key) if key else None
        if principal is None:
            given = "The API key is not valid." if key else "An API key is needed."
            detail = f"{given} Send it as X-API-Key: KEY or Authorization: Bearer KEY."
            raise ApiError(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="bellwether"'})
        g.principal = principal


def _presented_key(headers: EnvironHeaders) -> str:
    key = headers.get("X-API-Key", "").strip()
    if key:
        return key
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""
