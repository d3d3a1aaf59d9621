"""Security and caching headers of every answer.

Browsers may not frame an answer, guess its type, or load files of other sites for it. Caches may not store it or serve it to other
callers, unless the route sets `Cache-Control: public`.
"""

from __future__ import annotations

from flask import Response

from api.application import Application
from api.request_state import StatefulRequest

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


def register_security_headers(app: Application) -> None:
    """Add the headers to every answer. Register it before the hooks that set `Cache-Control`, `ETag` or `Vary`."""
    app.add_hooks(after=_add)


def _add(request: StatefulRequest, response: Response) -> Response:
    control, has_tag, vary, is_page = None, False, list[str](), False
    for name, value in response.headers:
        match name.lower():
            case "content-type":
                is_page = value.startswith("text/html")
            case "etag":
                has_tag = True
            case "cache-control":
                control = value
            case "vary":
                vary.append(value)
    is_stated = bool(vary)
    if request.state.varies_by_encoding and not any("accept-encoding" in value.lower() for value in vary):
        vary.append("Accept-Encoding")
    if control is None or "public" not in control:
        vary.append(CREDENTIALS)
    added = list(_FOR_PAGES if is_page else _FOR_DATA)
    if request.is_secure:
        added.append(("Strict-Transport-Security", HSTS))
    if control is None:
        added.append(("Cache-Control", REVALIDATE if has_tag else NO_STORE))
    if is_stated:
        response.headers["Vary"] = ", ".join(vary)
    elif vary:
        added.append(("Vary", ", ".join(vary)))
    request.state.policy_headers = tuple(added)
    return response
