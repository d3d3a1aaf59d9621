"""Files that browsers save and never show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response

from api.schemas import CSV
from api.validation import BINARY

JSON, XLSX, ZIP = "application/json", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/zip"


def stored_file_answer() -> dict[str | int, Any]:
    """The OpenAPI response of a route that sends a stored file."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    content = {
        BINARY: dict(binary),
        XLSX: dict(binary),
        ZIP: dict(binary),
        CSV: {"schema": {"type": "string"}, "example": "Date,Open,High,Low,Close,Volume\n2026-11-20,100,102,99,101,90000\n"},
        JSON: {"schema": {}, "example": {"items": [{"ticker": "AAPL", "verdict": "Hold"}]}},
    }
    told = "The file as it was stored. Its digest is checked while it is sent; an answer that is not what was stored breaks off."
    return {200: {"description": told, "content": content}}


def attachment(content: Iterable[bytes], name: str, content_type: str, size: int) -> Response:
    """A response that streams a file to be saved under a name. The content is closed at the end, also when the client has gone."""
    response = Response(content, content_type=content_type)
    response.content_length = size
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
