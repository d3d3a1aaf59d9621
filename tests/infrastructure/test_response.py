"""The check of response headers accepts and refuses what gunicorn's own does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.http import wsgi

from infrastructure.web_server.response import Response

REQUEST = SimpleNamespace(method="GET", version=(1, 1), should_close=lambda: False)


def outcome(kind: type[wsgi.Response], headers: list[tuple[Any, Any]]) -> Any:
    """What a response keeps of the headers, or the error that it raises."""
    response = kind(REQUEST, None, SimpleNamespace(protocol="http"))
    try:
        response.start_response("200 OK", headers)
    except Exception as error:  # noqa: BLE001 — the kind of error is what is compared
        return type(error), str(error)
    return response.headers, response.response_length, response.upgrade, response.chunked


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([("Content-Type", "text/html"), ("Content-Length", "12"), ("ETag", '"a"')], id="usual"),
        pytest.param([("X-Two", "a"), ("X-Two", "b")], id="twice"),
        pytest.param([("X-Blanks", " a b \t"), ("X-Tab", "a\tb"), ("X-Empty", "")], id="blanks"),
        pytest.param([("X-Latin", "caf\xe9"), ("X-No-Break", "a\xa0b")], id="Latin-1"),
        pytest.param([("Connection", "Upgrade"), ("Upgrade", "WebSocket"), ("X-After", "a")], id="WebSocket"),
        pytest.param([("Transfer-Encoding", "chunked"), ("Server", "other"), ("Date", "never")], id="of one connection"),
        pytest.param([("CONTENT-LENGTH", "7")], id="in capitals"),
        pytest.param([("Content-Length", "seven")], id="no length"),
        pytest.param([("X-Split", "a\r\nSet-Cookie: b")], id="split"),
        pytest.param([("X-Null", "a\0")], id="null"),
        pytest.param([("X-Wide", "\u20ac")], id="beyond Latin-1"),
        pytest.param([("X-Delete", "a\x7f")], id="delete"),
        pytest.param([("X Name", "a")], id="no name"),
        pytest.param([("", "a")], id="empty name"),
        pytest.param([("X-Name\n", "a")], id="name and line end"),
        pytest.param([("X-Bytes", b"a")], id="bytes"),
        pytest.param([(b"X-Bytes", "a")], id="a name of bytes"),
        pytest.param([("X-Number", 5)], id="a number"),
    ],
)
def test_a_response_keeps_and_refuses_what_gunicorn_does(headers: list[tuple[Any, Any]]) -> None:
    assert outcome(Response, headers) == outcome(wsgi.Response, headers)
    assert outcome(Response, [*headers, *headers]) == outcome(wsgi.Response, [*headers, *headers]), "also of names that it knows"
