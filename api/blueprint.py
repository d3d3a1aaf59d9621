"""Blueprints of the API: their views get validated input, and their routes are in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import Blueprint

from api.marks import View, has_rights
from api.problem import problem_answers
from api.validation import validated

# Of a POST that may replace what is stored: the documentation page asks before it sends one, as it does for PUT, PATCH and DELETE.
REPLACES_DATA = {"x-replaces-data": True}
# The codes of problems that any route under /api/v1 may answer.
ANYWHERE = (
    *("unauthorized", "forbidden", "request_timeout", "uri_too_long", "validation_error", "rate_limited", "headers_too_large"),
    *("internal_error", "not_implemented", "unavailable"),
)
# That of any route that a browser's session may call: a page sends X-Organization, for which organization it was made.
OF_SESSIONS = ("other_organization",)
READING = frozenset({"GET", "HEAD", "OPTIONS"})
DOCUMENTATION = ("responses", "openapi_extensions")  # options of a route that are for the OpenAPI document


class Tag(NamedTuple):
    """A section of the OpenAPI document."""

    name: str
    description: str


# The sections that several packages have routes in; the other sections stand beside their routes.
ADMINISTRATION = Tag("Administration", "For operators; needs the master key.")
DASHBOARD = Tag("Dashboard", "Data for pages and charts.")
JOBS = Tag("Jobs", "Durable work on many tickers.")
ORGANIZATIONS = Tag("Organizations", "Who shares what: organizations, their members, invitations to them, and what they may use.")


@dataclass(frozen=True)
class Operation:
    """A route as the OpenAPI document needs it; `documentation` has the options of DOCUMENTATION that were given.

    `sends` names the headers of its successful answers, `sends_with` those of the answers with one status, where they are others.
    """

    method: str
    rule: str
    view: Callable[..., Any]
    sends: tuple[str, ...]
    sends_with: Mapping[str, tuple[str, ...]]
    documentation: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The id of the operation, which clients call it by: the name of its view."""
        return self.view.__name__


class ApiBlueprint(Blueprint):
    """A blueprint that validates by the annotations of its views, and remembers its operations for the OpenAPI document.

    `problems` are the codes that each of its routes may answer; what a session may call may answer those of OF_SESSIONS as well.
    """

    def __init__(self, noun: str, tag: Tag, url_prefix: str | None = None, problems: Sequence[str] = ()) -> None:
        super().__init__(noun, __name__, url_prefix=url_prefix)
        self.tag = tag
        self.problems = problems
        self.operations: list[Operation] = []

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """A decorator that adds a view, which is left as it is.

        `responses`, `problems`, `openapi_extensions`, `sends` and `sends_with` are only documented: the successful answers, the codes of
        problems beside those of the blueprint, other entries, and the headers of the successful answers, of api.openapi.headers (by status
        those of answers that have others). One that sends an ETag honours If-None-Match.
        """
        sends = tuple(options.pop("sends", ()))
        sends_with = {str(status): tuple(names) for status, names in options.pop("sends_with", {}).items()}
        codes = [*self.problems, *options.pop("problems", ())]
        documentation = {name: options.pop(name) for name in DOCUMENTATION if name in options}
        add = super().route(rule, **options)

        def declare(view: View) -> View:
            if not READING.issuperset(options["methods"]) and not has_rights(view):
                raise ValueError(f"{view.__module__}.{view.__name__} changes something: mark who may, as with @needs(Scope.MANAGE).")
            problems = problem_answers(codes if getattr(view, "is_public", False) else [*codes, *OF_SESSIONS])
            told = {**documentation, "responses": {**documentation.get("responses", {}), **problems}}
            self.operations += [Operation(method, rule, view, sends, sends_with, told) for method in options["methods"]]
            add(validated(view))
            return view

        return declare


def api_blueprint(noun: str, tag: Tag) -> ApiBlueprint:
    """A blueprint under /api/v1, documented with the problems that any of its routes may answer."""
    return ApiBlueprint(noun, tag, "/api/v1", ANYWHERE)
