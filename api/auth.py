"""Who is calling. Every route needs a key, except those marked `@public`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, g, request

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
        if request.endpoint is None or request.method == "OPTIONS":
            return
        if getattr(current_app.view_functions[request.endpoint], "is_public", False):
            return
        key = _presented_key()
        principal = ring.principal(key) if key else None
        if principal is None:
            given = "The API key is not valid." if key else "An API key is needed."
            detail = f"{given} Send it as X-API-Key: KEY or Authorization: Bearer KEY."
            raise ApiError(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="bellwether"'})
        g.principal = principal


def _presented_key() -> str:
    key = request.headers.get("X-API-Key", "").strip()
    if key:
        return key
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""
