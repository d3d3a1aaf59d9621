"""Checks which page a browser sends a request from, because cookies accompany requests from other sites' pages, too."""

from __future__ import annotations

from collections.abc import Iterable

from flask import request

DEFAULT_PORTS = {"http": ":80", "https": ":443"}  # browsers omit them from an origin; a setting may name them
HANDSHAKE_SCHEMES = {"ws": "http", "wss": "https"}  # some proxies set them for a WebSocket handshake; a page's origin has the HTTP scheme
OWN_PAGE = ("same-origin", "none")  # `none`: the user typed the address


def is_own_origin(origin: str, allowed: Iterable[str] = ()) -> bool:
    """Whether an `Origin` is our own (scheme, host and port as callers see them, through trusted proxies) or is `allowed`."""
    own = f"{HANDSHAKE_SCHEMES.get(request.scheme, request.scheme)}://{request.host}"
    return bool(request.host) and _normalized(origin) in map(_normalized, (own, *allowed))


def comes_from_own_page() -> bool:
    """Whether a request comes from a page of ours, or from a program that is not a browser.

    The first of `Sec-Fetch-Site`, `Origin` and `Referer` that is present decides. Browsers omit `Sec-Fetch-Site` over plain HTTP, and old
    ones always. A request with none of the three comes from a program, because every recent browser sends `Origin` with a POST (`null`
    where it withholds it). It is allowed: a program sends its own key, and no page can make it send one.
    """
    headers = request.headers
    if (site := headers.get("Sec-Fetch-Site")) is not None:
        return site in OWN_PAGE
    if (origin := headers.get("Origin")) is not None:
        return is_own_origin(origin)
    if (page := headers.get("Referer")) is not None:
        return is_own_origin("/".join(page.split("/", 3)[:3]))
    return True


def _normalized(origin: str) -> str:
    scheme, separator, host = origin.lower().partition("://")
    return scheme + separator + host.removesuffix(DEFAULT_PORTS.get(scheme, "\0"))
