"""From which page a browser sends a request, for what a cookie would let another site's page do."""

from __future__ import annotations

from collections.abc import Iterable

from flask import request

DEFAULT_PORTS = {"http": ":80", "https": ":443"}  # which browsers leave out of an origin, and some people write all the same
HANDSHAKE_SCHEMES = {"ws": "http", "wss": "https"}  # as some proxies put it for a WebSocket's handshake; a page's origin knows only HTTP
OWN_PAGE = ("same-origin", "none")  # `none` is a person who typed the address


def is_own_origin(origin: str, others: Iterable[str] = ()) -> bool:
    """Whether an `Origin` is our own (scheme, host and port as callers see them, through trusted proxies) or one of `others`."""
    own = f"{HANDSHAKE_SCHEMES.get(request.scheme, request.scheme)}://{request.host}"
    return bool(request.host) and _normalized(origin) in map(_normalized, (own, *others))


def comes_from_own_page() -> bool:
    """Whether a request that a form of another site could send comes from a page of ours, or from no browser.

    Browsers say so in `Sec-Fetch-Site`, but not over plain HTTP, and old ones not at all: then `Origin` tells, else `Referer`. A request
    with none of the three is a program's, since every browser of the last years sends `Origin` with a POST (`null` where it will not say).
    It is allowed: a program brings its own key, and no page can make it send one.
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
