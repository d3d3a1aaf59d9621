"""What browsers and caches are told about every answer.

Nothing here is to be framed, sniffed, or to load anything from elsewhere; and nothing is kept or given to others by a cache, unless the
answer says `Cache-Control: public`.
"""

from __future__ import annotations

from flask import Flask, Response, request

# Answers that are data may load nothing at all; pages load their own files, and no script or style stands in their text.
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# An answer with a tag may be kept by the browser that it was for, which asks each time whether it is still right.
NOT_STORED, ASKED_AGAIN = "no-store", "private, no-cache"
CALLER = "X-API-Key, Authorization, Cookie"  # what says who is calling
HSTS = "max-age=31536000; includeSubDomains"
_FOR_DATA = (*ALWAYS.items(), ("Content-Security-Policy", DATA_POLICY))
_FOR_PAGES = (*ALWAYS.items(), ("Content-Security-Policy", PAGE_POLICY))


def register_security_headers(app: Flask) -> None:
    """Add them to every answer."""

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        headers.extend(_FOR_PAGES if response.mimetype == "text/html" else _FOR_DATA)
        if request.is_secure:
            headers.add("Strict-Transport-Security", HSTS)
        control = headers.get("Cache-Control")
        if control is None:
            headers["Cache-Control"] = ASKED_AGAIN if "ETag" in headers else NOT_STORED
        if control is None or "public" not in control:
            headers["Vary"] = ", ".join((*headers.getlist("Vary"), CALLER))
        return response
