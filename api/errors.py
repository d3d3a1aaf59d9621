"""Errors of the application become HTTP answers here, and nowhere else."""

from __future__ import annotations

import database
from models.errors import BellwetherError, NothingToAnalyse, PriceQuality
from utils.api_utils import ApiError

STATUSES = {
    "not_found": 404,
    "ticker_not_found": 404,
    "job_not_found": 404,
    "conflict": 409,
    "job_finished": 409,
    "precondition_failed": 412,
    "validation_error": 422,
    "idempotency_mismatch": 422,
    "insufficient_history": 422,
    "price_quality": 422,
}


def translate(error: Exception) -> ApiError | None:
    """The answer to an exception of ours or of the database; None for one that nobody foresaw."""
    if isinstance(error, PriceQuality):
        places = [{"field": problem.place, "message": problem.message} for problem in error.problems]
        return ApiError(422, error.code, str(error), places)
    if isinstance(error, NothingToAnalyse):
        return ApiError(422, error.code, str(error), [{"field": "universe", "message": str(error)}])
    if isinstance(error, BellwetherError):
        return ApiError(STATUSES[error.code], error.code, str(error))
    if database.is_unavailable(error):
        return ApiError(503, "unavailable", "The database does not answer right now. Try again in a few seconds.")
    return None
