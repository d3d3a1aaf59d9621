"""Validates the parts of a request that a view names as its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ClassVar, get_type_hints

from flask import Request, request
from pydantic import BaseModel, ValidationError

from api.request_state import request_state
from utils.api_utils import validation_problem

PARTS = ("header", "path", "query", "body")


class RawBody(Request):
    """The annotation of `raw`, for a body that is not JSON: the view gets the request itself. `mimetypes` are for the OpenAPI document."""

    mimetypes: ClassVar[list[str]]


def validated(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view with its arguments taken from the request.

    `header`, `path`, `query` and `body` are validated by the models that annotate them, in this order; `raw` is the request. Raises
    ApiError validation_error for the first part that does not fit.
    """
    annotations = get_type_hints(view)
    parts = [(part, annotations[part], _reader(part, annotations[part])) for part in PARTS if part in annotations]
    takes_request = "raw" in annotations
    ticker_part = next((part for part, model, _ in parts if "ticker" in model.model_fields), None)

    @wraps(view)
    def validate_and_call(**path: Any) -> Any:
        arguments: dict[str, Any] = {}
        try:
            for part, model, read in parts:
                arguments[part] = model.model_validate(read(path))
                if part == ticker_part:
                    request_state().ticker = arguments[part].ticker
        except ValidationError as error:
            raise validation_problem(error) from error
        if takes_request:
            arguments["raw"] = request
        return view(**arguments)

    return validate_and_call


def _reader(part: str, model: type[BaseModel]) -> Callable[[Mapping[str, Any]], Any]:
    """The function that reads a part of the current request, given the variables of its path."""
    if part == "header":
        names = [field.alias or name for name, field in model.model_fields.items()]
        return lambda path: {name: request.headers[name] for name in names if name in request.headers}
    if part == "query":
        return lambda path: request.args.to_dict()
    if part == "body":
        return lambda path: request.get_json()
    return lambda path: path
