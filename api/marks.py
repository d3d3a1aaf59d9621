"""What a view says of itself, for the hooks that run before it. A mark is set on the function, under the route's decorator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark a route that needs no key."""
    view.__dict__["is_public"] = True
    return view


def unlimited(view: View) -> View:
    """Mark a route that is called as often as its callers like: by platforms, or by browsers that load a page."""
    view.__dict__["is_unlimited"] = True
    return view


def admin(view: View) -> View:
    """Mark a route that is for the master key alone; refused before its input is looked at."""
    view.__dict__["is_admin"] = True
    return view


def signs_in_at(path: str) -> Callable[[View], View]:
    """Mark a page: a caller whom nobody knows is led to where one signs in."""

    def mark(view: View) -> View:
        view.__dict__["signs_in_at"] = path
        return view

    return mark
