"""How every API blueprint is made."""

from __future__ import annotations

from flask_openapi3 import APIBlueprint, Tag

from api.problem import problem_answers

# The sections of the OpenAPI document that more than one package has routes in; the others stand beside their routes.
ADMINISTRATION = Tag(name="Administration", description="For operators; needs the master key.")
DASHBOARD = Tag(name="Dashboard", description="What pages and charts are made of.")
JOBS = Tag(name="Jobs", description="Many tickers at once, durably.")


def api_blueprint(noun: str, tag: Tag) -> APIBlueprint:
    """A blueprint under /api/v1 whose routes need a key; its documentation has the errors that any of them may answer."""
    return APIBlueprint(
        noun,
        __name__,
        url_prefix="/api/v1",
        abp_tags=[tag],
        abp_responses=problem_answers(401, 408, 414, 422, 429, 431, 500, 501, 503),
    )
