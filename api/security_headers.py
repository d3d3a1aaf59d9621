"""What browsers are told about every answer. Nothing here is to be framed, sniffed, or to load anything from elsewhere."""

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
        return response
