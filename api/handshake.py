"""The opening handshake of a WebSocket (RFC 6455, section 4.2.1), checked here since the library raises where it should answer."""

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
SERVERS_OWN = ("gunicorn.socket", "werkzeug.socket")  # where the library finds the connection


def require_handshake() -> None:
    """Refuse what is no handshake. Raises ApiError 400 or upgrade_required, MethodNotAllowed."""
    headers = request.headers
    if request.method != "GET":
        raise MethodNotAllowed(["GET"])
    if request.environ["SERVER_PROTOCOL"] != "HTTP/1.1":
        raise _bad("A WebSocket begins with HTTP/1.1.")
    if "websocket" not in _listed("Upgrade"):
        raise _upgrade_required("This is a WebSocket: send Upgrade: websocket.")
    if "upgrade" not in _listed("Connection"):
        raise _bad("A WebSocket's handshake says Connection: Upgrade.")
    if headers.get("Sec-WebSocket-Version") != VERSION:
        raise _upgrade_required(f"Send Sec-WebSocket-Version: {VERSION}.", {"Sec-WebSocket-Version": VERSION})
    if not KEY.fullmatch(headers.get("Sec-WebSocket-Key", "")):
        raise _bad("Sec-WebSocket-Key must be 16 bytes in base64.")
    if request.content_length or "Transfer-Encoding" in headers:
        raise _bad("A WebSocket's handshake has no body.")


def require_origin() -> None:
    """Refuse what a page of another site begins: browsers send their cookies with a handshake, and ask nobody first. Raises Forbidden."""
    origin = request.headers.get("Origin")
    if origin is None and request_state().session is not None:
        raise Forbidden("A WebSocket that is opened with a session needs the Origin of its page.")
    if origin is not None and not is_own_origin(origin, services().settings.cors_origins):
        raise Forbidden("Pages of this Origin may not open a WebSocket here. CORS_ORIGINS names those that may.")


def leave_the_handshake() -> None:
    """Leave of the request what the library needs.

    It reads the request a second time, by rules of its own for names, hosts and extensions, and breaks off at what it does not like.
    Without extensions there is no compression, by which a few bytes could become any number of them here.
    """
    given = request.environ
    handshake = {"HTTP_HOST": "localhost", "HTTP_UPGRADE": "websocket", "HTTP_CONNECTION": "Upgrade", "HTTP_SEC_WEBSOCKET_VERSION": VERSION}
    handshake["HTTP_SEC_WEBSOCKET_KEY"] = given["HTTP_SEC_WEBSOCKET_KEY"]
    request.environ = handshake | {name: given[name] for name in SERVERS_OWN if name in given}


def _listed(name: str) -> list[str]:
    return [token.strip().lower() for token in request.headers.get(name, "").split(",")]


def _bad(detail: str) -> ApiError:
    return ApiError(400, "bad_request", detail)


def _upgrade_required(detail: str, headers: dict[str, str] | None = None) -> ApiError:
    return ApiError(426, "upgrade_required", detail, headers=UPGRADE | (headers or {}))
