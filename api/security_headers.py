"""Security and caching headers of every answer.

Browsers may not frame an answer, guess its type, or load files of other sites for it. Caches may not store it or serve it to other
callers, unless the route sets `Cache-Control: public`.
"""

from __future__ import annotations

from flask import Flask, Response, request

# Data may load nothing. Pages may load files of this site; inline scripts and styles are refused.
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
# The caller's browser may store an answer with an ETag, and revalidates it at each use.
NO_STORE, REVALIDATE = "no-store", "private, no-cache"
CREDENTIALS = "X-API-Key, Authorization, Cookie"  # the headers that identify the caller
HSTS = "max-age=31536000; includeSubDomains"
_FOR_DATA = (*ALWAYS.items(), ("Content-Security-Policy", DATA_POLICY))
_FOR_PAGES = (*ALWAYS.items(), ("Content-Security-Policy", PAGE_POLICY))


def register_security_headers(app: Flask) -> None:
    """Add the headers to every answer."""

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        headers.extend(_FOR_PAGES if response.mimetype == "text/html" else _FOR_DATA)
        if request.is_secure:
            headers.add("Strict-Transport-Security", HSTS)
        control = headers.get("Cache-Control")
        if control is None:
            headers["Cache-Control"] = REVALIDATE if "ETag" in headers else NO_STORE
        if control is None or "public" not in control:
            headers["Vary"] = ", ".join((*headers.getlist("Vary"), CREDENTIALS))
        return response
