"""The OpenAPI document and a page to read and try it, with every script served from here."""

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
    return _for_everybody(tagged(_corrected(current_app.api_doc)))  # type: ignore[attr-defined]


@blueprint.get("/docs")
@public
def get_page() -> Response:
    """The documentation page."""
    return _for_everybody(send_from_directory(PAGE, "index.html"))


@blueprint.get("/docs/page.js")
@public
def get_script() -> Response:
    """The page's script."""
    return _for_everybody(send_from_directory(PAGE, "page.js"))


@blueprint.get("/docs/assets/<path:name>")
@public
def get_asset(name: str) -> Response:
    """Swagger UI, as its package carries it."""
    return send_from_directory(ASSETS, name, max_age=ONE_DAY)


def _for_everybody(response: Response) -> Response:
    """The answer, which any cache may keep and must ask about: it changes with the version."""
    response.headers["Cache-Control"] = "public, no-cache"
    return response


def _corrected(document: dict[str, Any]) -> dict[str, Any]:
    """The document without what flask-openapi3 gets wrong."""
    for path in document["paths"].values():
        for operation in path.values():
            # It adds a 422 of its own shape to operations that name none; those of ours that name none cannot answer one.
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                del operation["responses"]["422"]
            # It leaves a body that is no JSON optional.
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
    return document
