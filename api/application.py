"""The Flask application with an OpenAPI document, strict JSON bodies, and typed parts."""

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
    """Flask, OpenAPI, and the `services` that `create_app` gives it."""

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
        # Redirects to a tidier path would answer HTML.
        self.url_map.merge_slashes = False

    def wsgi_app(self, environ: dict[str, Any], start_response: Any) -> Any:
        """As Flask's, but a target without a path (`GET http://host`) is the root, where the framework would redirect to it in HTML."""
        environ["PATH_INFO"] = environ.get("PATH_INFO") or "/"
        return super().wsgi_app(environ, start_response)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: no view is a coroutine, and Flask would check that six times a request."""
        return func


def _refuse_input(error: Any) -> None:
    raise validation_problem(error)
