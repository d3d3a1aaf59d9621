"""Creates the blueprints of the API."""

from __future__ import annotations

from flask_openapi3 import APIBlueprint, Tag

from api.problem import problem_answers

TAGS = {
    "Analysis": "Explained verdicts.",
    "Jobs": "Many tickers at once, durably.",
    "Results": "Verdicts made before.",
    "Watchlist": "Tickers to follow.",
    "Prices": "Daily prices.",
    "Reports": "Excel files of what is stored.",
    "Dashboard": "What pages and charts are made of.",
    "Administration": "For operators; needs the master key.",
    "Health": "Whether the service can do its work.",
}


def api_blueprint(noun: str, tag: str) -> APIBlueprint:
    """A blueprint under /api/v1, documented with the errors that any of its routes may return."""
    return APIBlueprint(
        noun,
        __name__,
        url_prefix="/api/v1",
        abp_tags=[Tag(name=tag, description=TAGS[tag])],
        abp_responses=problem_answers(401, 408, 414, 422, 429, 431, 500, 501, 503),
    )
