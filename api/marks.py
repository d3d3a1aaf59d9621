"""Marks on views, read by the hooks that run before them. A mark is a decorator, placed under the route's decorator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from models.access import Scope

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark a route that needs no key."""
    view.__dict__["is_public"] = True
    return view


def unlimited(view: View) -> View:
    """Mark a route without rate limit: for platforms that poll it, or browsers that load it with a page."""
    view.__dict__["is_unlimited"] = True
    return view


def needs(scope: Scope) -> Callable[[View], View]:
    """Mark a route with what its callers must be allowed; others are refused before their input is read. Unmarked, a GET needs `read`."""

    def mark(view: View) -> View:
        view.__dict__["needs"] = scope
        return view

    return mark


def operators(view: View) -> View:
    """Mark a route of the whole installation, for the master key and whoever is an operator."""
    view.__dict__["is_operators"] = True
    return view


def operators_too(view: View) -> View:
    """Mark a route that whoever is an operator may call as well, whatever they may do in the organization that they act for."""
    view.__dict__["lets_operators"] = True
    return view


def for_whoever(view: View) -> View:
    """Mark a route for every caller that is known, also one that may do nothing, as who has left the organization that they act for."""
    view.__dict__["is_for_whoever"] = True
    return view


def in_person(view: View) -> View:
    """Mark a route for people who are signed in, in whatever role, unless it is marked with a scope as well; keys are refused."""
    view.__dict__["is_in_person"] = True
    return view


def changes(view: View) -> View:
    """Mark what changes something although it is asked for by GET: a page that a browser is sent back to, an export. It has a trail."""
    view.__dict__["changes"] = True
    return view


def has_rights(view: Callable[..., Any]) -> bool:
    """Whether a view is marked with who may call it."""
    return any(name in view.__dict__ for name in ("needs", "is_operators", "is_in_person", "is_public", "signs_in_at"))


def signs_in_at(path: str) -> Callable[[View], View]:
    """Mark a page: a caller without a session is redirected to the sign-in page at `path`."""

    def mark(view: View) -> View:
        view.__dict__["signs_in_at"] = path
        return view

    return mark
