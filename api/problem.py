"""The schema of errors: RFC 9457 problem details."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from api.schemas import Answer
from utils.api_utils import MAX_ERRORS


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
                "detail": "capital: Input should be greater than 0",
                "instance": "/api/v1/analyze",
                "code": "validation_error",
                "request_id": "019aa3b2-7a1e-7c8e-8a55-2f3c9d1e6b70",
                "errors": [{"field": "capital", "message": "Input should be greater than 0"}],
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
    errors_total: int = Field(default=0, description="How many errors there are, listed or not; beside `errors`.")


def problem_answers(*statuses: int) -> dict[str | int, Any]:
    """OpenAPI response objects for error statuses."""
    descriptions = {
        400: "malformed_json",
        401: "unauthorized",
        403: "forbidden",
        404: "not_found, ticker_not_found, job_not_found",
        408: "request_timeout: the request did not come in time",
        409: "conflict, job_finished, stored_days_lost",
        412: "precondition_failed",
        413: "payload_too_large",
        414: "uri_too_long",
        415: "unsupported_media_type",
        422: "validation_error, insufficient_history, price_quality, ambiguous_dates, bases_differ, idempotency_mismatch",
        429: "rate_limited",
        431: "headers_too_large",
        500: "internal_error",
        501: "not_implemented: a transfer coding that is not known here",
        503: "unavailable, feature_disabled",
    }
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": descriptions[status], "content": content} for status in statuses}
