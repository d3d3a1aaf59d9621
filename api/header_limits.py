"""Long headers are refused before anything parses them.

The framework's parsers take time that grows with the square of some values (`Accept: a`, spaces, `b`), and hold the interpreter meanwhile;
a server joins a header that comes many times into one. All that parses a header of a request does so after this.
"""

from __future__ import annotations

from flask import Flask, request

from utils.api_utils import LONGEST_ECHO, ApiError

LONGEST = 8_190  # characters: what gunicorn takes as one line
# Those that are parsed as lists or by regular expressions. No client needs a fifth of this.
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


def register_header_limits(app: Flask) -> None:
    """Answer 431 to a request with a header that is too long. To be registered before what reads headers."""

    @app.before_request
    def refuse_long_headers() -> None:
        environ = request.environ
        too_long = [name for name, value in environ.items() if name.startswith(("HTTP_", "CONTENT_")) and len(value) > _longest(name)]
        if too_long:
            first = too_long[0].removeprefix("HTTP_").replace("_", "-").title()[:LONGEST_ECHO]
            detail = f"The header {first} has {len(environ[too_long[0]]):,} characters; at most {_longest(too_long[0]):,} are read."
            for name in too_long:
                del environ[name]  # the answer is made with the help of some
            raise ApiError(431, "headers_too_large", detail)
        if "HTTP_COOKIE" in environ:
            environ["HTTP_COOKIE"] = without_runs(environ["HTTP_COOKIE"])


def without_runs(cookies: str) -> str:
    """The header with one blank for each run of them, over which the framework takes time that grows with its square.

    It may be longer than other headers that are parsed: a browser sends what every application of the host has set.
    """
    return " ".join(cookies.split())


def _longest(name: str) -> int:
    return LONGEST_PARSED if name in PARSED else LONGEST
