"""The OpenAPI document and a page to read and try it; the service itself serves every script of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flask_openapi3_swagger
from flask import Blueprint, Response, current_app, send_from_directory

from api.marks import public
from utils.api_utils import tagged

blueprint = Blueprint("docs", __name__)
PAGE = Path(__file__).parent / "docs_page"
ASSETS = Path(flask_openapi3_swagger.__file__).parent / "templates" / "swagger"
ONE_DAY = 86_400


@blueprint.get("/openapi.json")
@public
def get_document() -> Response:
    """The OpenAPI 3.1 document. `If-None-Match` is honoured."""
    return _publicly_cached(tagged(_corrected(current_app.api_doc)))  # type: ignore[attr-defined]


@blueprint.get("/docs")
@public
def get_page() -> Response:
    """The documentation page."""
    return _publicly_cached(send_from_directory(PAGE, "index.html"))


@blueprint.get("/docs/page.js")
@public
def get_script() -> Response:
    """The page's script."""
    return _publicly_cached(send_from_directory(PAGE, "page.js"))


@blueprint.get("/docs/assets/<path:name>")
@public
def get_asset(name: str) -> Response:
    """A file of Swagger UI, from its package."""
    return send_from_directory(ASSETS, name, max_age=ONE_DAY)


def _publicly_cached(response: Response) -> Response:
    """Let any cache store the response and revalidate it at each use: it changes with the version."""
    response.headers["Cache-Control"] = "public, no-cache"
    return response


def _corrected(document: dict[str, Any]) -> dict[str, Any]:
    """The document without two faults of flask-openapi3."""
    for path in document["paths"].values():
        for operation in path.values():
            # It adds a 422 with its own schema to operations that declare none, and those cannot return 422.
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                del operation["responses"]["422"]
            # It marks a body that is not JSON as optional.
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
    return document
