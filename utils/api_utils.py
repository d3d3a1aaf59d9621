"""HTTP helpers for every blueprint: strict JSON bodies, responses, and errors as problem+json (RFC 9457).

Errors are never HTML, unless the application provides an error page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import IO, Any, NamedTuple

import structlog
from flask import Flask, Request, Response, request
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.utils import cached_property

from utils.database_errors import reason_of
from utils.input_messages import NO_SUCH_FIELD, message_of
from utils.json_text import DuplicateKeys, MalformedJSON, dump, parse_strict, parse_tolerant

__all__ = ["ApiError", "FieldError", "StrictRequest", "json_response", "parse_tolerant", "register_error_handlers"]

log = structlog.get_logger(__name__)

FieldError = Mapping[str, str]  # {"field": …, "message": …}
PROBLEM_TYPE = "application/problem+json"
DRAIN_LIMIT = 32_000_000
RETRY_AFTER_SECONDS = 5
MAX_ERRORS = 100  # listed in one response; the rest are only counted
MAX_FIELDS = 50  # of a request that are listed
LONGEST_ECHO = 200  # characters of the caller's input that a response repeats
BROKEN_BODY = "The body is incomplete, or its chunks are invalid. Send it again."
PIECE_BYTES = 65_536  # the smallest piece of a streamed response, except the last

# The codes of errors that the framework raises.
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


class FirstErrors(NamedTuple):
    """The first errors, and the total number of errors."""

    listed: Sequence[FieldError]
    total: int


class ApiError(Exception):
    """An error response: a status, a stable code, one sentence on what to do, and errors by field if there are any."""

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
        self.members: Mapping[str, Any] = {}  # what the problem has besides, which only some codes have
        self.errors: Sequence[FieldError] | None
        self.errors, self.errors_total = errors if isinstance(errors, FirstErrors) else (errors, len(errors or ()))


class StrictRequest(Request):
    """A request that is parsed strictly: JSON needs its content type and must be an object, and each parameter may appear once."""

    @cached_property
    def args(self) -> Any:
        """The query. Raises ApiError validation_error for a repeated parameter, of which the framework would take the first value."""
        parameters = super().args
        for name, values in parameters.lists():
            if len(values) > 1:
                raise _repeated([name], 1, "The parameter may be given once.")
        return parameters

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body, read whole. Every reader of the body (as bytes, JSON or a form) uses this stream.

        Raises RequestEntityTooLarge, also for a chunked body, which the framework would truncate silently, and ApiError bad_request for a
        body that is incomplete or has invalid chunks.
        """
        packing = self.headers.get("Content-Encoding", "identity")[:LONGEST_ECHO]
        if packing.lower() != "identity":
            told = f"The body is packed (Content-Encoding: {packing}), which is not undone here. Send it as it is."
            raise ApiError(415, "unsupported_media_type", told)
        limit, length = self.max_content_length, self.content_length
        try:
            if length is not None and (limit is None or length <= limit):
                # The framework would wrap the stream and count what is read, to the same end.
                data = self.environ["wsgi.input"].read(length)
            else:
                data = super().stream.read()
            is_too_large = limit is not None and length is None and len(data) >= limit and self.environ["wsgi.input"].read(1)
        except RequestEntityTooLarge:
            raise
        except Exception as error:  # each server raises other errors for invalid chunks and lost clients
            raise ApiError(400, "bad_request", BROKEN_BODY) from error
        if is_too_large:
            raise RequestEntityTooLarge
        if length is not None and len(data) < length:
            raise ApiError(400, "bad_request", BROKEN_BODY)
        return BytesIO(data)

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The body as a dict. `silent` is ignored: malformed JSON is always refused.

        Raises ApiError: unsupported_media_type, malformed_json, or validation_error for JSON that is not an object.
        """
        if not self.is_json:
            mimetype = self.mimetype[:LONGEST_ECHO] or "none"
            raise ApiError(415, "unsupported_media_type", f"The content type is {mimetype}; send application/json.")
        try:
            value = parse_strict(self.get_data(cache=cache))
        except MalformedJSON as error:
            raise ApiError(400, "malformed_json", f"The body is not valid JSON: {error}.") from error
        except DuplicateKeys as error:
            raise _repeated(error.paths(MAX_FIELDS), error.total, "The field may be given once.") from error
        if not isinstance(value, dict):
            raise ApiError(422, "validation_error", "The body must be a JSON object.", [{"field": "", "message": "must be an object"}])
        return value


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response. Bytes and str must already be JSON and are sent unchanged."""
    body = value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else dump(value)
    # Headers that are complete at once: the framework would search them for each that it adds.
    added = headers.items() if headers else ()
    complete = Headers([("Content-Type", "application/json"), ("Content-Length", str(len(body))), *added])
    return Response([body], status, complete)


def streamed_response(
    pieces: Iterable[bytes], content_type: str, headers: Mapping[str, str] | None = None, piece_bytes: int = PIECE_BYTES
) -> Response:
    """A response whose pieces are produced while it is sent: none for HEAD or 304, and no more once the client has gone."""
    return Response(_join_small(pieces, piece_bytes), headers=headers, content_type=content_type)


def _join_small(pieces: Iterable[bytes], piece_bytes: int) -> Iterator[bytes]:
    """The same bytes in pieces of at least `piece_bytes`, because small ones cost a packet or a compressor's block each."""
    buffer, size = [], 0
    for piece in pieces:
        buffer.append(piece)
        size += len(piece)
        if size >= piece_bytes:
            yield b"".join(buffer)
            buffer, size = [], 0
    if buffer:
        yield b"".join(buffer)


def tagged(value: Any, tag: str | None = None) -> Response:
    """A response with an ETag, or 304 when `If-None-Match` has that tag. `value` is a response, or is sent as JSON.

    `tag` is by default a digest of the body.
    """
    response = value if isinstance(value, Response) else json_response(value)
    if tag is None:
        tag = hashlib.sha256(response.get_data()).hexdigest()[:32]
    response.headers.add("ETag", f'"{tag}"')
    if "HTTP_IF_NONE_MATCH" in request.environ:
        response.make_conditional(request)
    return response


def problem_response(error: ApiError, request_id: str | None, title: str) -> Response:
    """The problem+json response for an error."""
    problem: dict[str, Any] = {
        "type": f"urn:bellwether:problem:{error.code}",
        "title": title,
        "status": error.status,
        "detail": error.detail,
        "instance": request.path[:LONGEST_ECHO],
        "code": error.code,
        "request_id": request_id,
    }
    if error.errors is not None:
        problem |= {"errors": error.errors[:MAX_ERRORS], "errors_total": error.errors_total}
    problem |= error.members
    response = Response(dump(problem), error.status, content_type=PROBLEM_TYPE)
    if error.status in (429, 503):
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response.headers.update(error.headers)
    return response


@dataclass(frozen=True)
class ErrorHooks:
    """What an application adds to the answers of its errors.

    `page` may return an error page instead of problem+json, or None. `request_id` returns the id of the current request. `on_unexpected`
    is called with an exception that nothing translates. `title_of` returns the title for a code; without it, titles are the phrases of
    the statuses.
    """

    page: Callable[[ApiError], Response | None] = lambda error: None
    request_id: Callable[[], str | None] = lambda: None
    on_unexpected: Callable[[Exception], None] = lambda error: None
    title_of: Callable[[str], str] | None = None


def register_error_handlers(
    app: Flask, translate: Callable[[Exception], ApiError | None] | None = None, hooks: ErrorHooks | None = None
) -> None:
    """Answer every error of the app as problem+json.

    `translate` turns an exception of the application into an ApiError; when it returns None, the exception is logged and answered as
    internal_error without details.
    """
    hooks = hooks or ErrorHooks()

    def answer(error: ApiError) -> Response:
        title = hooks.title_of(error.code) if hooks.title_of else HTTPStatus(error.status).phrase
        return hooks.page(error) or problem_response(error, hooks.request_id(), title)

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
            hooks.on_unexpected(error)
            detail = "Something went wrong on our side. Try again; if it stays, report it with the request_id."
            translated = ApiError(500, "internal_error", detail)
        elif translated.status >= 500:
            reason = reason_of(error) if isinstance(error, SQLAlchemyError) else str(error).split("\n")[0]
            log.warning("request failed", code=translated.code, reason=reason)
        return answer(translated)

    app.register_error_handler(Exception, handle)

    @app.after_request
    def remove_redirect_page(response: Response) -> Response:
        # The framework adds a page of HTML to redirects, also to those that pass no error handler.
        if 300 <= response.status_code < 400 and response.location is not None and response.mimetype == "text/html":
            response.set_data(b"")
        return response


def validation_problem(error: ValidationError, no_such_field: str = NO_SUCH_FIELD) -> ApiError:
    """The error for input that does not fit its model. It does not repeat the input. `no_such_field` is said of fields that are unknown."""
    errors = []
    for entry in error.errors(include_url=False, include_input=False)[:MAX_FIELDS]:
        errors.append({"field": ".".join(str(part) for part in entry["loc"]), "message": message_of(entry, no_such_field)})
    return _invalid(errors, error.error_count())


def _repeated(fields: Sequence[str], total: int, message: str) -> ApiError:
    """The error for repeated fields or parameters."""
    return _invalid([{"field": field, "message": message} for field in fields], total)


def _invalid(errors: Sequence[FieldError], total: int) -> ApiError:
    """The error for invalid input with its first `errors`. Names of fields are cut, because callers can send names of any length."""
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
        413: _too_large(),
        415: "The content type is not supported here.",
    }
    status = error.code if error.code in CODES else 400 if error.code < 500 else 500
    headers = {name: value for name, value in error.get_headers() if name not in ("Content-Type", "Content-Length")}
    detail = details.get(error.code) or error.description or HTTPStatus(status).phrase
    return ApiError(status, CODES[status], detail, headers=headers)


def _too_large() -> str:
    """How large a body may be here, and how large the one that was sent is, as far as that is known."""
    limit, length = request.max_content_length, request.content_length
    if limit is None:
        return "The body is larger than is allowed here."
    if length is None or _size(length) == _size(limit):
        return f"The body has more than {_size(limit)}, which is the most that is allowed here."
    return f"The body has {_size(length)}; at most {_size(limit)} are allowed here."


def _size(count: int) -> str:
    """A number of bytes as people say it."""
    return f"{count / 1e6:,.1f} MB".replace(".0 ", " ") if count >= 1_000_000 else f"{count / 1e3:,.1f} KB".replace(".0 ", " ")


def _drain_body() -> None:
    """Read the rest of the body, up to a limit. A client whose connection closes while it sends gets a broken pipe, not the response."""
    length = request.content_length
    if length is None and not request.environ.get("wsgi.input_terminated"):
        return
    left = DRAIN_LIMIT if length is None else min(length, DRAIN_LIMIT)
    stream = request.environ["wsgi.input"]
    while left > 0:
        try:
            chunk = stream.read(min(left, 65_536))
        except Exception as error:  # noqa: BLE001 — each server raises other errors for invalid chunks
            log.info("body not drained", reason=repr(error)[:LONGEST_ECHO])
            return
        if not chunk:
            return
        left -= len(chunk)
