"""The Flask application class: an OpenAPI document, strict JSON bodies and typed services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, cast

from flask import Response
from flask.globals import request_ctx
from flask_openapi3 import Info, OpenAPI

from api.problem import Problem
from api.request_state import StatefulRequest
from api.services import Services
from config import VERSION
from utils.api_utils import validation_problem

BeforeHook: TypeAlias = Callable[[StatefulRequest], Any]  # returns the answer, or None to continue
AfterHook: TypeAlias = Callable[[StatefulRequest, Response], Response]

DESCRIPTION = "Price history in, explained verdicts out. Send the key as `X-API-Key` or as a bearer token."


class Application(OpenAPI):
    """A Flask application with OpenAPI; `create_app` sets `services`."""

    request_class = StatefulRequest
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
        self._before_hooks: list[BeforeHook] = []
        self._after_hooks: list[AfterHook] = []

    def add_hooks(self, before: BeforeHook | None = None, after: AfterHook | None = None) -> None:
        """Add hooks around every request: `before` hooks run in the order of these calls, `after` hooks in reverse.

        They get the request as an argument. Flask's own hooks get none, and each would look the request up several times.
        """
        if before is not None:
            self._before_hooks.append(before)
        if after is not None:
            self._after_hooks.insert(0, after)

    def preprocess_request(self) -> Any:
        """Run the hooks before a request: ours, then those of Flask, its extensions and the blueprint."""
        request = _current_request()
        for hook in self._before_hooks:
            answer = hook(request)
            if answer is not None:
                return answer
        return super().preprocess_request()

    def process_response(self, response: Response) -> Response:
        """Run the hooks after a request: those of Flask, its extensions and the blueprint, then ours."""
        response = super().process_response(response)
        request = _current_request()
        for hook in self._after_hooks:
            response = hook(request, response)
        return response

    def wsgi_app(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Serve a request, and add the headers that the hooks have left in its state.

        A target without a path (`GET http://host`) is the root, where Flask would redirect to it with a page of HTML.
        """
        environ["PATH_INFO"] = environ.get("PATH_INFO") or "/"

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            state = _current_request().state
            added = (("X-Request-ID", state.request_id), *state.limit_headers, *state.policy_headers)
            return start_response(status, [*headers, *added], exc_info)

        return super().wsgi_app(environ, start)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function itself: no view is a coroutine, and Flask checks that six times a request."""
        return func


def _current_request() -> StatefulRequest:
    return cast(StatefulRequest, request_ctx.request)


def _refuse_input(error: Any) -> None:
    raise validation_problem(error)
