"""Marks on views, read by the hooks that run before them. A mark is a decorator, placed under the route's decorator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark a route that needs no key."""
    view.__dict__["is_public"] = True
    return view


def unlimited(view: View) -> View:
    """Mark a route without rate limit: for platforms that poll it, or browsers that load it with a page."""
    view.__dict__["is_unlimited"] = True
    return view


def admin(view: View) -> View:
    """Mark a route that needs the master key; other callers are refused before their input is validated."""
    view.__dict__["is_admin"] = True
    return view


def signs_in_at(path: str) -> Callable[[View], View]:
    """Mark a page: a caller without a session is redirected to the sign-in page at `path`."""

    def mark(view: View) -> View:
        view.__dict__["signs_in_at"] = path
        return view

    return mark
