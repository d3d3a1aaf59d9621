"""Refuses long headers before any code parses them.

Some of the framework's parsers take quadratic time (`Accept: a`, many spaces, `b`) and hold the interpreter lock meanwhile. A header that
is sent many times counts as one, because servers join the values.
"""

from __future__ import annotations

from api.application import Application
from api.request_state import StatefulRequest
from utils.api_utils import LONGEST_ECHO, ApiError

LONGEST = 8_190  # characters: gunicorn's limit of one line
# The limit of headers that are parsed as lists or by regular expressions. Clients send less than a fifth of it.
LONGEST_PARSED = 1_000
PARSED = frozenset(
    {
        "CONTENT_TYPE",
        "HTTP_ACCEPT",
        "HTTP_ACCEPT_CHARSET",
        "HTTP_ACCEPT_ENCODING",
        "HTTP_ACCEPT_LANGUAGE",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS",
        "HTTP_CACHE_CONTROL",
        "HTTP_CONNECTION",
        "HTTP_HOST",
        "HTTP_IF_MATCH",
        "HTTP_IF_MODIFIED_SINCE",
        "HTTP_IF_NONE_MATCH",
        "HTTP_IF_RANGE",
        "HTTP_IF_UNMODIFIED_SINCE",
        "HTTP_ORIGIN",
        "HTTP_RANGE",
        "HTTP_SEC_WEBSOCKET_EXTENSIONS",
        "HTTP_SEC_WEBSOCKET_PROTOCOL",
        "HTTP_UPGRADE",
    }
)


def register_header_limits(app: Application) -> None:
    """Answer 431 to a request with a header that is too long. Register it before hooks that read headers."""

    def refuse_long_headers(request: StatefulRequest) -> None:
        environ = request.environ
        too_long = [name for name, value in environ.items() if name.startswith(("HTTP_", "CONTENT_")) and len(value) > _longest(name)]
        if too_long:
            first = too_long[0].removeprefix("HTTP_").replace("_", "-").title()[:LONGEST_ECHO]
            detail = f"The header {first} has {len(environ[too_long[0]]):,} characters; at most {_longest(too_long[0]):,} are read."
            for name in too_long:
                del environ[name]  # error handlers parse some of them
            raise ApiError(431, "headers_too_large", detail)
        if "HTTP_COOKIE" in environ:
            environ["HTTP_COOKIE"] = collapse_blanks(environ["HTTP_COOKIE"])

    app.add_hooks(before=refuse_long_headers)


def collapse_blanks(cookies: str) -> str:
    """The cookie header with one blank for each run of blanks, which the framework would parse in quadratic time.

    The header may be longer than other parsed ones, because a browser sends the cookies of every application on the host.
    """
    return " ".join(cookies.split())


def _longest(name: str) -> int:
    return LONGEST_PARSED if name in PARSED else LONGEST
