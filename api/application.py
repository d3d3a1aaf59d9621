"""The Flask application class: an OpenAPI document, strict JSON bodies and typed services."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

from flask import Flask

from api.blueprint import ApiBlueprint
from api.services import Services
from utils.api_utils import StrictRequest
from utils.json_text import dump


class Application(Flask):
    """The Flask application; `create_app` sets `services`."""

    request_class = StrictRequest
    services: Services

    def __init__(self) -> None:
        super().__init__("bellwether", static_folder=None)
        # werkzeug would redirect `//path` with a page of HTML.
        self.url_map.merge_slashes = False
        self._document: bytes | None = None
        self._document_lock = Lock()

    def openapi_document(self) -> bytes:
        """The OpenAPI document of all its ApiBlueprints, as JSON. The first call builds it, at which others wait."""
        with self._document_lock:
            if self._document is None:
                from api.document import build_document  # noqa: PLC0415 — most processes are never asked for it

                self._document = dump(build_document(entry for entry in self.blueprints.values() if isinstance(entry, ApiBlueprint)))
            return self._document

    def wsgi_app(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Serve a target without a path (`GET http://host`) as the root, where Flask would redirect to it with a page of HTML."""
        environ["PATH_INFO"] = environ.get("PATH_INFO") or "/"
        return super().wsgi_app(environ, start_response)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function itself: no view is a coroutine, and Flask checks that six times a request."""
        return func
