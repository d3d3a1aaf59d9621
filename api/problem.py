"""The schema of errors: RFC 9457 problem details."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ConfigDict, Field

from api.errors import STATUSES
from api.schemas import Answer
from models.problem import title_of
from utils.api_utils import CODES, MAX_ERRORS


class FieldProblem(Answer):
    """One field that does not fit."""

    field: str = Field(description="The field, dotted; for price files the line and column; empty for the whole.")
    message: str


class Problem(Answer):
    """What went wrong, as application/problem+json. `code` is stable."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:bellwether:problem:validation_error",
                "title": "The input does not fit",
                "status": 422,
                "detail": "capital: It must be above 0.",
                "instance": "/api/v1/analyze",
                "code": "validation_error",
                "request_id": "019aa3b2-7a1e-7c8e-8a55-2f3c9d1e6b70",
                "errors": [{"field": "capital", "message": "It must be above 0."}],
                "errors_total": 1,
            }
        }
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str | None
    errors: list[FieldProblem] = Field(default=[], max_length=MAX_ERRORS, description="Only for input that does not fit; the first ones.")
    challenge: str | None = Field(default=None, description="Only with `totp_required`: for the second step of the sign-in.")
    errors_total: int = Field(default=0, description="How many errors there are, listed or not; beside `errors`.")


# The codes of what may be wrong with a body of JSON, and with one that is a file.
BODY_PROBLEMS = ("bad_request", "malformed_json", "payload_too_large", "unsupported_media_type")
FILE_PROBLEMS = ("bad_request", "payload_too_large", "unsupported_media_type")
_STATUSES = {code: status for status, code in CODES.items()} | STATUSES | {"malformed_json": 400, "too_many_streams": 503}


def problem_answers(codes: Iterable[str]) -> dict[str | int, Any]:
    """OpenAPI response objects, by status, for problems with these codes. `x-codes` lists those of an answer."""
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(_STATUSES[code], []).append(code)
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": "; ".join(f"`{code}`: {title_of(code)}" for code in those), "x-codes": those, "content": content}
        for status, those in by_status.items()
    }
