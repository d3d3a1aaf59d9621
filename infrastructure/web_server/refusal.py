"""The error responses of the server itself, as problem+json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus

from gunicorn.http.errors import ExpectationFailed, LimitRequestHeaders, LimitRequestLine, UnsupportedTransferCoding

from models.problem import title_of
from utils.ids import new_id

RETRY_AFTER_SECONDS = 5
_HEADERS = (
    ("Connection", "close"),
    ("Content-Type", "application/problem+json"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
)
_LONGEST_REASON = 200


@dataclass(frozen=True)
class Refusal:
    """An error response; the connection is closed after it."""

    status: HTTPStatus
    code: str
    detail: str

    def render(self) -> tuple[str, bytes]:
        """The request id, which is logged, and the bytes of the response."""
        request_id = new_id()
        body = json.dumps(
            {
                "type": f"urn:bellwether:problem:{self.code}",
                "title": title_of(self.code),
                "status": self.status,
                "detail": self.detail,
                "instance": "",
                "code": self.code,
                "request_id": request_id,
            }
        ).encode()
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}", *(f"{name}: {value}" for name, value in _HEADERS)]
        if self.status is HTTPStatus.SERVICE_UNAVAILABLE:
            lines.append(f"Retry-After: {RETRY_AFTER_SECONDS}")
        lines += [f"X-Request-ID: {request_id}", f"Content-Length: {len(body)}", "", ""]
        return request_id, "\r\n".join(lines).encode("ascii") + body


TOO_SLOW_HEAD = Refusal(HTTPStatus.REQUEST_TIMEOUT, "request_timeout", "The request did not come in time. Send it again, at once.")
TOO_SLOW_BODY = Refusal(HTTPStatus.REQUEST_TIMEOUT, "request_timeout", "The body came too slowly. Send it again.")
BROKEN_OFF = Refusal(HTTPStatus.BAD_REQUEST, "bad_request", "The request broke off before its end. Send it again, whole.")
STOPPING = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "The server is being stopped. Send the request again.")
NO_ROOM = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "There is no room for the body right now. Try again later.")
BROKEN = Refusal(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "internal_error",
    "Something went wrong on our side. Try again; if it stays, report it with the request_id.",
)


def refusal_of(error: Exception) -> Refusal:
    """The response to an error of gunicorn's parser or of the chunked decoder."""
    reason = str(error).encode("ascii", "backslashreplace").decode()[:_LONGEST_REASON].rstrip(".")
    if isinstance(error, LimitRequestLine):
        detail = f"The address is too long: at most {error.max_size:,} characters of the first line are read."
        return Refusal(HTTPStatus.REQUEST_URI_TOO_LONG, "uri_too_long", detail)
    if isinstance(error, LimitRequestHeaders):
        return Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", f"The headers are too large: {reason}.")
    if isinstance(error, UnsupportedTransferCoding):
        detail = "This transfer coding is not known here. Send the body with its length, or chunked."
        return Refusal(HTTPStatus.NOT_IMPLEMENTED, "not_implemented", detail)
    if isinstance(error, ExpectationFailed):
        return Refusal(HTTPStatus.EXPECTATION_FAILED, "bad_request", "Nothing but 100-continue can be expected here.")
    return Refusal(HTTPStatus.BAD_REQUEST, "bad_request", f"This cannot be read as a request: {reason}.")
