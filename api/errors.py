"""Translates exceptions of the application and of the database into HTTP errors; no other module does."""

from __future__ import annotations

import math
from http import HTTPStatus

from sqlalchemy.exc import SQLAlchemyError

from database import DatabaseSuspended
from infrastructure.breaker import BreakerOpen
from models.account_errors import ConfirmationWrong, PasskeyUnfit, PasswordRefused, SecondFactorNeeded, SignInBusy, TooManyTries
from models.alert_errors import RuleNamesNothing
from models.delivery_errors import ChannelAddressRefused
from models.errors import BellwetherError, FeatureDisabled, NothingToAnalyse
from models.index_errors import IndexInvalid
from models.news_errors import FeedAddressRefused
from models.own_strategy import NothingVotes, StrategyArchived, StrategyUnknown
from models.pipeline_errors import Invalid
from models.portfolio_errors import BenchmarkUnfit, TransactionsRefused
from models.price_errors import BasesDiffer, ImplausibleAction, ImportRefused, PriceQuality, PricesPending, PricesUnavailable
from models.schedule_errors import InvalidSchedule
from models.statement_errors import StatementRefused
from models.storage_errors import StorageAway
from utils.api_utils import ApiError, FirstErrors
from utils.database_errors import explanation_of, is_unavailable, refuses_writes

STATUSES = {
    "unauthorized": 401,
    "totp_required": 401,
    "rate_limited": 429,
    "unavailable": 503,
    "forbidden": 403,
    "not_found": 404,
    "ticker_not_found": 404,
    "universe_not_found": 404,
    "rate_not_found": 404,
    "no_provider": 409,
    "job_not_found": 404,
    "line_not_found": 404,
    "evidence_not_found": 404,
    "conflict": 409,
    "export_needed": 409,
    "last_admin": 409,
    "last_operator": 409,
    "other_organization": 409,
    "organization_limit": 409,
    "job_finished": 409,
    "stored_days_lost": 409,
    "precondition_failed": 412,
    "validation_error": 422,
    "idempotency_mismatch": 422,
    "insufficient_history": 422,
    "price_quality": 422,
    "ambiguous_dates": 422,
    "bases_differ": 422,
    "oversold": 422,
    "statement_refused": 422,
    "pipeline_invalid": 422,
    "index_invalid": 422,
    "inputs_invalid": 422,
    "feature_disabled": 503,
    "prices_unavailable": 503,
    "prices_pending": 503,
}
CHALLENGE_HEADERS = {"WWW-Authenticate": 'Bearer realm="bellwether"'}
# The field of requests that an error is about.
FIELDS: dict[type[BellwetherError], str] = {
    ImplausibleAction: "amount",
    NothingToAnalyse: "universe",
    StrategyUnknown: "strategy",
    StrategyArchived: "strategy",
    NothingVotes: "weights",
    ChannelAddressRefused: "url",
    FeedAddressRefused: "url",
    IndexInvalid: "members",
    BenchmarkUnfit: "benchmark",
    PasswordRefused: "password",
    ConfirmationWrong: "confirm",
    PasskeyUnfit: "credential",
}
DISABLED_RETRY_AFTER = "60"  # seconds; long, because an operator must switch the feature on
FETCH_RETRY_AFTER = "5"  # seconds
UNWRITABLE_RETRY_AFTER = "60"  # seconds; long, because an operator must make room or permit writes


def translate(error: Exception) -> ApiError | None:
    """The HTTP error for an exception; None for an unexpected exception."""
    if isinstance(error, BellwetherError):
        return _with_fields(error) or _to_try_again(error) or _of_sign_in(error) or ApiError(STATUSES[error.code], error.code, str(error))
    if isinstance(error, BreakerOpen | DatabaseSuspended):
        detail = f"The {getattr(error, 'name', 'database')} failed several times in a row. Try again after the seconds in Retry-After."
        return ApiError(503, "unavailable", detail, headers={"Retry-After": str(max(1, math.ceil(error.retry_after)))})
    if isinstance(error, SQLAlchemyError) and refuses_writes(error):
        explanation = explanation_of(error)
        detail = f"{explanation.found} Nothing was written; what is stored can be read. {explanation.remedy} Then try again."
        return ApiError(503, "unavailable", detail, headers={"Retry-After": UNWRITABLE_RETRY_AFTER})
    if is_unavailable(error):
        return ApiError(503, "unavailable", "The database does not answer right now. Try again in a few seconds.")
    return None


def _with_fields(error: BellwetherError) -> ApiError | None:
    """The error for input of which the places that do not fit are known."""
    if isinstance(error, PriceQuality):
        problems = [{"field": problem.place, "message": problem.message} for problem in error.problems]
        return ApiError(422, error.code, str(error), FirstErrors(problems, error.total))
    if isinstance(error, StatementRefused):
        faults = [{"field": fault.place, "message": fault.message} for fault in error.faults]
        return ApiError(422, error.code, str(error), FirstErrors(faults, error.total))
    if isinstance(error, ImportRefused | Invalid | InvalidSchedule | RuleNamesNothing | TransactionsRefused):
        refused = [{"field": name, "message": message} for name, message in error.problems]
        return ApiError(422, error.code, str(error), FirstErrors(refused, len(refused)))
    if isinstance(error, BasesDiffer):
        days = [{"field": str(day), "message": error.sentence(old, new)} for day, old, new in error.days]
        return ApiError(422, error.code, str(error), days)
    field = next((field for kind, field in FIELDS.items() if isinstance(error, kind)), None)
    return (
        None if field is None else ApiError(422, error.code, str(error), [{"field": getattr(error, "field", field), "message": str(error)}])
    )


def _to_try_again(error: BellwetherError) -> ApiError | None:
    """The error for what another attempt may do, later."""
    if isinstance(error, FeatureDisabled):
        return ApiError(STATUSES[error.code], error.code, str(error), headers={"Retry-After": DISABLED_RETRY_AFTER})
    if isinstance(error, PricesPending | PricesUnavailable | StorageAway):
        return ApiError(STATUSES[error.code], error.code, str(error), headers={"Retry-After": FETCH_RETRY_AFTER})
    if isinstance(error, SignInBusy | TooManyTries):
        return ApiError(STATUSES[error.code], error.code, str(error), headers={"Retry-After": str(error.retry_after)})
    return None


def _of_sign_in(error: BellwetherError) -> ApiError | None:
    """The error for a proof that is wrong, or not enough."""
    if STATUSES[error.code] != HTTPStatus.UNAUTHORIZED:
        return None
    asked = ApiError(401, error.code, str(error), headers=CHALLENGE_HEADERS)
    if isinstance(error, SecondFactorNeeded):
        asked.members = {"challenge": error.challenge}
    return asked
