"""The headers of answers, as the OpenAPI document declares them."""

from __future__ import annotations

from typing import Any

TEXT, COUNT = "string", "integer"
_CATALOGUE = {
    "X-Request-ID": (TEXT, "The id of the request: yours, if you sent a valid one. Name it when you report a fault."),
    "RateLimit": (TEXT, 'What is left of each window: `"minute";r=599;t=42` is 599 requests (`r`) in the next 42 seconds (`t`).'),
    "RateLimit-Policy": (TEXT, 'The windows: `"minute";q=600;w=60` is 600 requests (`q`) in 60 seconds (`w`).'),
    "X-RateLimit-Limit": (COUNT, "The requests that the window with the fewest left allows."),
    "X-RateLimit-Remaining": (COUNT, "The requests that are left in that window."),
    "X-RateLimit-Reset": (COUNT, "When that window ends, in seconds since 1970."),
    "Retry-After": (COUNT, "The seconds after which to try again."),
    "WWW-Authenticate": (TEXT, "How to send the key."),
    "ETag": (
        TEXT,
        "The version of the answer; CSV has none. As `If-None-Match` it brings 304 while nothing changes; jobs take it as `If-Match`.",
    ),
    "Location": (TEXT, "The path of what was made."),
    "Idempotent-Replayed": (TEXT, "`true` on an answer that was stored for an `Idempotency-Key`; else left out."),
    "Link": (TEXT, 'The address of the next page of a file, with `rel="next"`; left out on the last.'),
    "Content-Disposition": (TEXT, "The name under which to save the file."),
}
LIMITS = ("RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
BY_STATUS = {"401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",)}
UNCOUNTED = ("408", "414", "431", "501")  # refused before anybody counts the request
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of the answer that you have. 304 says that it is still the newest.",
    "schema": {"type": "string"},
    "example": '"0"',
}


def header_components() -> dict[str, Any]:
    """The declarations of all headers, by name."""
    return {name: {"description": told, "schema": {"type": kind}} for name, (kind, told) in _CATALOGUE.items()}


def references(names: tuple[str, ...]) -> dict[str, Any]:
    """References to the declarations of these headers. Raises ValueError for a header that is not declared."""
    unknown = [name for name in names if name not in _CATALOGUE]
    if unknown:
        raise ValueError(f"api/openapi/headers.py does not declare {', '.join(unknown)}.")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
