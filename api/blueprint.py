"""Creates the blueprints of the API."""

from __future__ import annotations

from flask_openapi3 import APIBlueprint, Tag

from api.problem import problem_answers

# The sections of the OpenAPI document that several packages have routes in; the other sections stand beside their routes.
ADMINISTRATION = Tag(name="Administration", description="For operators; needs the master key.")
DASHBOARD = Tag(name="Dashboard", description="Data for pages and charts.")
JOBS = Tag(name="Jobs", description="Durable work on many tickers.")


def api_blueprint(noun: str, tag: Tag) -> APIBlueprint:
    """A blueprint under /api/v1, documented with the errors that any of its routes may return."""
    return APIBlueprint(
        noun,
        __name__,
        url_prefix="/api/v1",
        abp_tags=[tag],
        abp_responses=problem_answers(401, 408, 414, 422, 429, 431, 500, 501, 503),
    )
