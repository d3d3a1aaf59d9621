"""The Flask application class: an OpenAPI document, strict JSON bodies and typed services."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, TypeAlias, cast

from flask import Flask, Response
from flask.globals import request_ctx
from werkzeug.routing import Rule

from api.blueprint import ApiBlueprint
from api.request_state import StatefulRequest
from api.services import Services

BeforeHook: TypeAlias = Callable[[StatefulRequest], Any]  # returns the answer, or None to continue
AfterHook: TypeAlias = Callable[[StatefulRequest, Response], Response]


class RarelyBuiltRule(Rule):
    """A rule that compiles what builds its URLs when it first builds one.

    Werkzeug compiles two functions for each rule at once, which takes four fifths of `create_app`, and few rules ever build a URL.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_builder = super()._compile_builder
        compiled: Callable[..., tuple[str, str]] | None = None

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            nonlocal compiled
            if compiled is None:
                compiled = compile_builder(append_unknown)
            return compiled(rule, **values)

        return build


class Application(Flask):
    """The Flask application; `create_app` sets `services`."""

    request_class = StatefulRequest
    url_rule_class = RarelyBuiltRule
    services: Services

    def __init__(self) -> None:
        super().__init__("bellwether", static_folder=None)
        # werkzeug would redirect `//path` with a page of HTML.
        self.url_map.merge_slashes = False
        self._before_hooks: list[BeforeHook] = []
        self._after_hooks: list[AfterHook] = []
        self._document_lock = Lock()

    def openapi_document(self) -> bytes:
        """The OpenAPI document of all its ApiBlueprints, as JSON. The first call builds it, at which others wait."""
        from api.openapi.document import serialized_document  # noqa: PLC0415 — most processes are never asked for it

        with self._document_lock:
            return serialized_document(tuple(entry for entry in self.blueprints.values() if isinstance(entry, ApiBlueprint)))

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
