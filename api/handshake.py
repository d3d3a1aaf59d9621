"""Checks the opening handshake of a WebSocket (RFC 6455, section 4.2.1), because the library raises where it should answer."""

from __future__ import annotations

import re

from flask import request
from werkzeug.exceptions import MethodNotAllowed

from api.origin import is_own_origin
from api.request_state import request_state
from api.services import services
from models.errors import Forbidden
from utils.api_utils import ApiError

VERSION = "13"
KEY = re.compile(r"[A-Za-z0-9+/]{22}==")  # 16 bytes in base64
UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade"}
SOCKET_KEYS = ("gunicorn.socket", "werkzeug.socket")  # under which the library finds the connection


def require_handshake() -> None:
    """Refuse a request that is not a valid handshake. Raises ApiError bad_request or upgrade_required, or MethodNotAllowed."""
    headers = request.headers
    if request.method != "GET":
        raise MethodNotAllowed(["GET"])
    if request.environ["SERVER_PROTOCOL"] != "HTTP/1.1":
        raise _bad_request("A WebSocket begins with HTTP/1.1.")
    if "websocket" not in _header_tokens("Upgrade"):
        raise _upgrade_required("This is a WebSocket: send Upgrade: websocket.")
    if "upgrade" not in _header_tokens("Connection"):
        raise _bad_request("A WebSocket's handshake says Connection: Upgrade.")
    if headers.get("Sec-WebSocket-Version") != VERSION:
        raise _upgrade_required(f"Send Sec-WebSocket-Version: {VERSION}.", {"Sec-WebSocket-Version": VERSION})
    if not KEY.fullmatch(headers.get("Sec-WebSocket-Key", "")):
        raise _bad_request("Sec-WebSocket-Key must be 16 bytes in base64.")
    if request.content_length or "Transfer-Encoding" in headers:
        raise _bad_request("A WebSocket's handshake has no body.")


def require_origin() -> None:
    """Refuse a handshake from another site's page: browsers send cookies with a handshake, without a CORS preflight. Raises Forbidden."""
    origin = request.headers.get("Origin")
    if origin is None and request_state().session is not None:
        raise Forbidden("A WebSocket that is opened with a session needs the Origin of its page.")
    if origin is not None and not is_own_origin(origin, services().settings.cors_origins):
        raise Forbidden("Pages of this Origin may not open a WebSocket here. CORS_ORIGINS names those that may.")


def reduce_to_handshake() -> None:
    """Replace the request's environ by the headers that the WebSocket library needs.

    The library parses the request again, by stricter rules for names, hosts and extensions, and raises at what they forbid. Without
    the extensions header it offers no compression, so a few bytes from a client cannot expand to many.
    """
    environ = request.environ
    handshake = {"HTTP_HOST": "localhost", "HTTP_UPGRADE": "websocket", "HTTP_CONNECTION": "Upgrade", "HTTP_SEC_WEBSOCKET_VERSION": VERSION}
    handshake["HTTP_SEC_WEBSOCKET_KEY"] = environ["HTTP_SEC_WEBSOCKET_KEY"]
    request.environ = handshake | {name: environ[name] for name in SOCKET_KEYS if name in environ}


def _header_tokens(name: str) -> list[str]:
    return [token.strip().lower() for token in request.headers.get(name, "").split(",")]


def _bad_request(detail: str) -> ApiError:
    return ApiError(400, "bad_request", detail)


def _upgrade_required(detail: str, headers: dict[str, str] | None = None) -> ApiError:
    return ApiError(426, "upgrade_required", detail, headers=UPGRADE | (headers or {}))
