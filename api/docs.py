"""The OpenAPI document and a page of our own to read and try it."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Blueprint, Response, current_app, send_from_directory

from api.application import Application
from api.marks import public, unlimited
from utils.api_utils import json_response, tagged

blueprint = Blueprint("docs", __name__, cli_group=None)
PAGE = Path(__file__).parent / "docs_page"


@blueprint.get("/openapi.json")
@public
def get_document() -> Response:
    """The OpenAPI 3.1 document. `If-None-Match` is honoured."""
    return _publicly_cached(tagged(json_response(_document())))


@blueprint.get("/docs")
@public
def get_page() -> Response:
    """The documentation page."""
    return _publicly_cached(send_from_directory(PAGE, "index.html"))


@blueprint.get("/docs/assets/<path:name>")
@public
@unlimited
def get_asset(name: str) -> Response:
    """A script or style of the page."""
    return _publicly_cached(send_from_directory(PAGE, name))


@blueprint.cli.command("openapi")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="The file to write. Default: the terminal.")
def print_document(output: Path | None) -> None:
    """Print the OpenAPI document, or write it to a file."""
    document = _document()
    if output is None:
        click.echo(document)
    else:
        output.write_bytes(document)


def _document() -> bytes:
    assert isinstance(current_app, Application)
    return current_app.openapi_document()


def _publicly_cached(response: Response) -> Response:
    """Let any cache store the response and revalidate it at each use: it changes with the version."""
    response.headers["Cache-Control"] = "public, no-cache"
    return response
