"""The Flask application class: an OpenAPI document, strict JSON bodies and typed services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_openapi3 import Info, OpenAPI

from api.problem import Problem
from api.services import Services
from config import VERSION
from utils.api_utils import StrictRequest, validation_problem

DESCRIPTION = "Price history in, explained verdicts out. Send the key as `X-API-Key` or as a bearer token."


class Application(OpenAPI):
    """A Flask application with OpenAPI; `create_app` sets `services`."""

    request_class = StrictRequest
    services: Services

    def __init__(self) -> None:
        super().__init__(
            "bellwether",
            info=Info(title="Bellwether", version=VERSION, description=DESCRIPTION),
            security_schemes={
                "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "Bearer": {"type": "http", "scheme": "bearer"},
            },
            openapi_extensions={"security": [{"ApiKey": []}, {"Bearer": []}]},
            validation_error_model=Problem,
            validation_error_callback=_refuse_input,
            doc_ui=False,
            static_folder=None,
        )
        # werkzeug would redirect `//path` with a page of HTML.
        self.url_map.merge_slashes = False

    def wsgi_app(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Serve a target without a path (`GET http://host`) as the root, where Flask would redirect to it with a page of HTML."""
        environ["PATH_INFO"] = environ.get("PATH_INFO") or "/"
        return super().wsgi_app(environ, start_response)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function itself: no view is a coroutine, and Flask checks that six times a request."""
        return func


def _refuse_input(error: Any) -> None:
    raise validation_problem(error)
