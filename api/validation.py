"""Validates the parts of a request that a view names as its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ClassVar, get_type_hints

from flask import Request, request
from pydantic import BaseModel, ValidationError

from api.audit import describe
from api.request_state import request_state
from api.schemas import CSV, Body, Query
from api.services import services
from infrastructure.audit import current_trail
from utils.api_utils import LONGEST_ECHO, ApiError, validation_problem
from utils.input_messages import NO_SUCH_FIELD

PARTS = ("header", "path", "query", "body")
BINARY = "application/octet-stream"


class NoParameters(Query):
    """The query of a route that takes no parameters."""


class RawBody(Request):
    """The annotation of `raw`, for a body that is a file: the view gets the request itself, and the OpenAPI document the docstring.

    The file may be sent as one of `mimetypes`, or as BINARY, which says nothing of its content.
    """

    mimetypes: ClassVar[list[str]]


class TableBody(Body):
    """A body of JSON that may also be sent as a CSV file. Either may be as large as a price file."""

    @classmethod
    def of_table(cls, raw: bytes) -> TableBody:
        """From a CSV file. Raises a BellwetherError for what is wrong with it."""
        raise NotImplementedError


def validated(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view with its arguments taken from the request.

    `header`, `path`, `query` and `body` are validated by the models that annotate them, in this order; `raw` is the request. A view that
    names no `query` takes no parameters, unless it is public: probes add some of their own. Raises ApiError validation_error for the first
    part that does not fit, and unsupported_media_type for a file of another type.
    """
    annotations = get_type_hints(view)
    models = annotations if getattr(view, "is_public", False) else {"query": NoParameters, **annotations}
    parts = [(part, models[part], _reader(part, models[part])) for part in PARTS if part in models]
    known = ", ".join(field.alias or name for name, field in models["query"].model_fields.items()) if "query" in models else ""
    unknown_parameter = f"There is no such parameter here; {f'there are {known}' if known else 'there is none'}."
    file: type[RawBody] | None = annotations.get("raw")
    ticker_part = next((part for part, model, _ in parts if "ticker" in model.model_fields), None)

    @wraps(view)
    def validate_and_call(**path: Any) -> Any:
        arguments: dict[str, Any] = {}
        for part, model, read in parts:
            try:
                value = model.model_validate(read(path))
            except ValidationError as error:
                raise validation_problem(error, unknown_parameter if part == "query" else NO_SUCH_FIELD) from error
            if part in annotations:
                arguments[part] = value
            if part == ticker_part:
                request_state().ticker = arguments[part].ticker
        if file is not None:
            _require_file(file.mimetypes)
            arguments["raw"] = request
        trail = current_trail()
        if trail is not None:
            describe(trail, arguments)
        return view(**arguments)

    return validate_and_call


def _reader(part: str, model: type[BaseModel]) -> Callable[[Mapping[str, Any]], Any]:
    """The function that reads a part of the current request, given the variables of its path."""
    if part == "header":
        names = [field.alias or name for name, field in model.model_fields.items()]
        return lambda path: {name: request.headers[name] for name in names if name in request.headers}
    if part == "query":
        return lambda path: request.args.to_dict() if request.environ.get("QUERY_STRING") else {}
    if part == "body" and issubclass(model, TableBody):
        return lambda path: _read_table_or_json(model)
    if part == "body":
        return lambda path: request.get_json()
    return lambda path: path


def _read_table_or_json(model: type[TableBody]) -> Any:
    request.max_content_length = services().settings.max_upload_bytes
    if request.mimetype == CSV:
        return model.of_table(request.get_data(cache=False))
    if not request.is_json:
        raise ApiError(415, "unsupported_media_type", f"The content type is {_sent_type()}; send application/json or {CSV}.")
    return request.get_json()


def _sent_type() -> str:
    return request.mimetype[:LONGEST_ECHO] or "none"


def _require_file(mimetypes: Sequence[str]) -> None:
    """Refuse a body that is sent as neither BINARY nor one of these types."""
    if request.mimetype not in (BINARY, *mimetypes):
        known = ", ".join((*mimetypes, BINARY))
        raise ApiError(415, "unsupported_media_type", f"The content type is {_sent_type()}; send the file as one of {known}.")
