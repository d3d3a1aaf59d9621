"""HTTP for every blueprint: strict JSON bodies, answers, and problem+json (RFC 9457) for whatever goes wrong.

HTML never, but for what the application itself shows to a person who opens a page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from io import BytesIO
from typing import IO, Any, NamedTuple

import structlog
from flask import Flask, Request, Response, request
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.utils import cached_property

from utils.database_errors import reason_of
from utils.json_text import DuplicateKeys, MalformedJSON, dump, parse_strict, parse_tolerant

__all__ = ["ApiError", "FieldError", "StrictRequest", "json_response", "parse_tolerant", "register_error_handlers"]

log = structlog.get_logger(__name__)

FieldError = Mapping[str, str]  # {"field": …, "message": …}
PROBLEM_TYPE = "application/problem+json"
DRAIN_LIMIT = 32_000_000
RETRY_AFTER_SECONDS = 5
MOST_ERRORS = 50  # that one answer lists; the rest are counted
LONGEST_ECHO = 200  # characters of what the caller sent that an answer repeats
BROKEN_BODY = "The body broke off, or its chunks are none. Send it again, whole."
PIECE_BYTES = 65_536  # the least of a streamed answer that is sent at once

# The codes of what the framework itself refuses.
CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    409: "conflict",
    412: "precondition_failed",
    413: "payload_too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    422: "validation_error",
    426: "upgrade_required",
    429: "rate_limited",
    431: "headers_too_large",
    500: "internal_error",
    501: "not_implemented",
    503: "unavailable",
}
# Where Pydantic's wording would not tell a caller what to do.
MESSAGES = {"extra_forbidden": "There is no such field.", "missing": "This field is needed."}


class FirstErrors(NamedTuple):
    """The first of a number of errors; the others are only counted."""

    listed: Sequence[FieldError]
    total: int


class ApiError(Exception):
    """An answer that is an error: a status, a stable code, one sentence on what to do about it, and errors by field where there are any."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[FieldError] | FirstErrors | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.headers = dict(headers or {})
        self.errors: Sequence[FieldError] | None
        self.errors, self.errors_total = errors if isinstance(errors, FirstErrors) else (errors, len(errors or ()))


class StrictRequest(Request):
    """A request that is taken strictly: JSON must say that it is and be one object, and a parameter may be given once."""

    @cached_property
    def args(self) -> Any:
        """The query. Raises ApiError validation_error for a parameter given twice, of which the framework would take the first."""
        given = super().args
        for name, values in given.lists():
            if len(values) > 1:
                raise _repeated([name], 1, "The parameter may be given once.")
        return given

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body, read whole: whatever reads one (as bytes, JSON or a form) reads it here.

        Raises RequestEntityTooLarge also for one that was sent in chunks, which the framework would cut off silently, and ApiError
        bad_request for one that does not arrive as it was announced.
        """
        limit, length = self.max_content_length, self.content_length
        try:
            data = super().stream.read()
            is_beyond = limit is not None and length is None and len(data) >= limit and self.environ["wsgi.input"].read(1)
        except RequestEntityTooLarge:
            raise
        except Exception as error:  # each server has errors of its own for chunks that are none and for clients that are gone
            raise ApiError(400, "bad_request", BROKEN_BODY) from error
        if is_beyond:
            raise RequestEntityTooLarge
        if length is not None and len(data) < length:
            raise ApiError(400, "bad_request", BROKEN_BODY)
        return BytesIO(data)

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The body as a dict, whatever `silent` says: the framework's own parser would hide broken JSON behind a missing field.

        Raises ApiError: unsupported_media_type, malformed_json, or validation_error for JSON that is no object.
        """
        if not self.is_json:
            given = self.mimetype[:LONGEST_ECHO] or "none"
            raise ApiError(415, "unsupported_media_type", f"The content type is {given}; send application/json.")
        try:
            value = parse_strict(self.get_data(cache=cache))
        except MalformedJSON as error:
            raise ApiError(400, "malformed_json", f"The body is no valid JSON: {error}.") from error
        except DuplicateKeys as error:
            raise _repeated(error.paths(MOST_ERRORS), error.total, "The field may be given once.") from error
        if not isinstance(value, dict):
            raise ApiError(422, "validation_error", "The body must be a JSON object.", [{"field": "", "message": "must be an object"}])
        return value


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer of JSON; bytes and str are sent as they are, being JSON already."""
    body = value if isinstance(value, bytes | str) else dump(value)
    return Response(body, status, headers, content_type="application/json")


def streamed_response(
    pieces: Iterable[bytes], content_type: str, headers: Mapping[str, str] | None = None, piece_bytes: int = PIECE_BYTES
) -> Response:
    """An answer that is made while it is sent: nothing is made for HEAD or 304, and nothing more once the client has gone."""
    return Response(_gathered(pieces, piece_bytes), headers=headers, content_type=content_type)


def _gathered(pieces: Iterable[bytes], piece_bytes: int) -> Iterator[bytes]:
    """The same bytes in pieces that are worth a packet, or a block of a compressor."""
    held, size = [], 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= piece_bytes:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def tagged(value: Any, tag: str | None = None) -> Response:
    """An answer with an ETag, or 304 to who has it already: JSON of the value, or the value if it is a response.

    The tag is a digest of the answer unless given.
    """
    response = value if isinstance(value, Response) else json_response(value)
    if tag is None:
        tag = hashlib.sha256(response.get_data()).hexdigest()[:32]
    response.headers["ETag"] = f'"{tag}"'
    if "If-None-Match" in request.headers:
        response.make_conditional(request)
    return response


def problem_response(error: ApiError, request_id: str | None) -> Response:
    """The problem+json answer for an error."""
    problem: dict[str, Any] = {
        "type": f"urn:bellwether:problem:{error.code}",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": error.detail,
        "instance": request.path[:LONGEST_ECHO],
        "code": error.code,
        "request_id": request_id,
    }
    if error.errors is not None:
        problem |= {"errors": error.errors[:MOST_ERRORS], "errors_total": error.errors_total}
    response = Response(dump(problem), error.status, content_type=PROBLEM_TYPE)
    if error.status in (429, 503):
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response.headers.update(error.headers)
    return response


def register_error_handlers(
    app: Flask,
    translate: Callable[[Exception], ApiError | None] | None = None,
    page: Callable[[ApiError], Response | None] | None = None,
    request_id: Callable[[], str | None] = lambda: None,
) -> None:
    """Answer every error of the app as problem+json.

    `translate` turns an exception of the application into an ApiError, or returns None: that one is logged and answered as
    internal_error, with nothing leaked. `page` may show an error to a person instead; None leaves it to problem+json. `request_id` is the
    id of the request at hand.
    """

    def answer(error: ApiError) -> Response:
        return (page(error) if page else None) or problem_response(error, request_id())

    def handle(error: Exception) -> Response:
        if isinstance(error, ApiError):
            return answer(error)
        if isinstance(error, HTTPException):
            if error.code is None or error.code < 400:
                response = error.get_response()
                assert isinstance(response, Response)
                return response
            return answer(_framework_problem(error))
        translated = translate(error) if translate else None
        if translated is None:
            log.error("unhandled exception", exc_info=error)
            detail = "Something went wrong on our side. Try again; if it stays, report it with the request_id."
            translated = ApiError(500, "internal_error", detail)
        elif translated.status >= 500:
            reason = reason_of(error) if isinstance(error, SQLAlchemyError) else str(error).split("\n")[0]
            log.warning("request failed", code=translated.code, reason=reason)
        return answer(translated)

    app.register_error_handler(Exception, handle)

    @app.after_request
    def without_page(response: Response) -> Response:
        # The framework's redirections carry a page in HTML, also those that pass no error handler.
        if response.location is not None and response.mimetype == "text/html":
            response.set_data(b"")
        return response


def validation_problem(error: ValidationError) -> ApiError:
    """The error for input that does not fit its model; what was sent is not repeated."""
    errors = []
    for entry in error.errors(include_url=False, include_input=False, include_context=False)[:MOST_ERRORS]:
        message = MESSAGES.get(entry["type"], entry["msg"].removeprefix("Value error, "))
        errors.append({"field": ".".join(str(part) for part in entry["loc"]), "message": message})
    return _invalid(errors, error.error_count())


def _repeated(fields: Sequence[str], total: int, message: str) -> ApiError:
    """The error for fields or parameters that were given more than once."""
    return _invalid([{"field": field, "message": message} for field in fields], total)


def _invalid(errors: Sequence[FieldError], total: int) -> ApiError:
    """The error for input of which the first `errors` are listed. A field's name may be the caller's own, of any length."""
    errors = [{**entry, "field": entry["field"][:LONGEST_ECHO]} for entry in errors]
    first = errors[0]
    where = f"{first['field']}: " if first["field"] else ""
    listed = " in errors" if total <= len(errors) else f"; errors lists the first {len(errors)}"
    more = f" ({total - 1:,} more{listed})" if total > 1 else ""
    return ApiError(422, "validation_error", f"{where}{first['message']}{more}", FirstErrors(errors, total))


def _framework_problem(error: HTTPException) -> ApiError:
    assert error.code is not None
    if error.code == 413:
        _drain_body()
    details = {
        404: "There is nothing at this path. See /docs.",
        405: f"{request.method[:LONGEST_ECHO]} is not possible here. See the Allow header.",
        413: "The body is larger than is allowed here.",
        415: "The content type is not supported here.",
    }
    status = error.code if error.code in CODES else 400 if error.code < 500 else 500
    headers = {name: value for name, value in error.get_headers() if name not in ("Content-Type", "Content-Length")}
    detail = details.get(error.code) or error.description or HTTPStatus(status).phrase
    return ApiError(status, CODES[status], detail, headers=headers)


def _drain_body() -> None:
    """Read what the client still sends, up to a limit: a client that is cut off while sending sees a broken pipe, not the answer."""
    length = request.content_length
    if length is None and not request.environ.get("wsgi.input_terminated"):
        return
    left = DRAIN_LIMIT if length is None else min(length, DRAIN_LIMIT)
    stream = request.environ["wsgi.input"]
    while left > 0:
        try:
            chunk = stream.read(min(left, 65_536))
        except Exception as error:  # noqa: BLE001 — as above: each server has its own for chunks that are none
            log.info("body not drained", reason=repr(error)[:LONGEST_ECHO])
            return
        if not chunk:
            return
        left -= len(chunk)
