"""How much one caller may ask of the service: Flask-Limiter's fixed windows, by key, else by address.

Each request counts once in its budget of the minute and once in the hour. The counts are in Redis when it is configured, so that every
instance sees the same; else, and while Redis is away, each instance counts for itself.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

import structlog
from flask import Flask, Response, current_app, request
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded, RequestLimit

from api.request_state import request_state
from config import Settings
from infrastructure.metrics import Metrics
from infrastructure.rate_windows import SCHEME, RateWindows
from infrastructure.redis_link import RedisLink
from infrastructure.shared_counts import SharedCounts
from utils.api_utils import ApiError

log = structlog.get_logger(__name__)

View = TypeVar("View", bound=Callable[..., Any])
LIMITER = "rate_limiter"  # the application's extension
NO_ROUTE = "none"  # unknown paths count under one name: there are as many of them as attackers like


class Budget(StrEnum):
    """What a request counts as. Reads are whatever has no budget of its own."""

    READS = "reads"
    ANALYSES = "analyses"
    BULK = "bulk"
    UPLOADS = "uploads"
    HEAVY_READS = "heavy_reads"


def budget(of: Budget, when: Callable[[], bool] = lambda: True) -> Callable[[View], View]:
    """Mark a route whose requests, or those of them that `when` says, count in a budget of their own."""

    def mark(view: View) -> View:
        view.__dict__["budget"] = lambda: of if when() else Budget.READS
        return view

    return mark


def register_rate_limits(app: Flask, settings: Settings, redis: RedisLink | None, metrics: Metrics) -> None:
    """Refuse requests past a budget; to be registered after what finds out who is calling."""
    if not settings.rate_limit_enabled:
        return
    logging.getLogger("flask-limiter").setLevel(logging.WARNING)  # each refusal is logged here
    limiter = Limiter(
        caller,
        application_limits=[_BudgetLimits(settings)],
        strategy="fixed-window",
        # The library does not count what has no route: unknown paths and wrong methods would be free.
        request_identifier=lambda: request.endpoint or NO_ROUTE,
        storage_uri=f"{SCHEME}://",
        storage_options={"link": redis, "counts": SharedCounts(SharedCounts.server_file)},  # type: ignore[dict-item]
    )
    limiter.request_filter(_is_unlimited)
    limiter.init_app(app)
    app.extensions[LIMITER] = limiter
    windows = limiter.storage
    assert isinstance(windows, RateWindows)

    @app.errorhandler(RateLimitExceeded)
    def refuse(error: RateLimitExceeded) -> Any:
        counted = "refused_keys" if request_state().needs_key and request_state().principal is None else str(_budget())
        metrics.limited(counted)
        limit = error.limit.limit
        wait = _seconds_left(limiter.current_limit)
        log.warning("rate limited", caller=caller(), budget=counted, limit=str(limit))
        detail = f"The limit is {limit.amount} requests per {limit.GRANULARITY.name} ({_budget()}). Try again in {wait} s."
        return current_app.handle_user_exception(ApiError(429, "rate_limited", detail, headers={"Retry-After": str(wait)}))

    @app.after_request
    def tell_limits(response: Response) -> Response:
        _add_headers(response, limiter)
        metrics.counting_in_memory(windows.is_alone)
        return response


class _BudgetLimits(ApplicationLimit):
    """The windows that the request at hand counts in. Made once: the library would parse their words again at every request."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("")
        a_minute = {
            Budget.READS: settings.rate_limit_per_minute,
            Budget.ANALYSES: settings.rate_limit_analyses_per_minute,
            Budget.BULK: settings.rate_limit_bulk_per_minute,
            Budget.UPLOADS: settings.rate_limit_uploads_per_minute,
            Budget.HEAVY_READS: settings.rate_limit_heavy_reads_per_minute,
        }
        hour = ApplicationLimit(f"{settings.rate_limit_per_hour} per hour", key_function=caller)
        self._windows = {
            of: (*ApplicationLimit(f"{amount} per minute", key_function=partial(_caller_in, of)), *hour) for of, amount in a_minute.items()
        }

    def __iter__(self) -> Iterator[Any]:
        return iter(self._windows[_budget()])


def _add_headers(response: Response, limiter: Limiter) -> None:
    """The windows as in the IETF's draft of RateLimit fields; X-RateLimit-* for the window with the least left."""
    limits = limiter.current_limits
    if not limits:
        return
    policies, states = [], []
    for limit in limits:
        name = limit.limit.GRANULARITY.name
        policies.append(f'"{name}";q={limit.limit.amount};w={limit.limit.get_expiry()}')
        states.append(f'"{name}";r={limit.remaining};t={_seconds_left(limit)}')
    tightest = min(limits, key=lambda limit: limit.remaining)
    add = response.headers.add  # they are new here: setting would look for them first
    add("RateLimit-Policy", ", ".join(policies))
    add("RateLimit", ", ".join(states))
    add("X-RateLimit-Limit", str(tightest.limit.amount))
    add("X-RateLimit-Remaining", str(tightest.remaining))
    add("X-RateLimit-Reset", str(tightest.reset_at))


def _seconds_left(limit: RequestLimit | None) -> int:
    return 1 if limit is None else max(1, math.ceil(limit.window.reset_time - time.time()))


def caller() -> str:
    """Who is counted: the key, else the address."""
    principal = request_state().principal
    return f"address:{request.remote_addr}" if principal is None else f"key:{principal.key_id}"


def _caller_in(of: Budget) -> str:
    return f"{caller()}:{of}"


def _budget() -> Budget:
    of: Callable[[], Budget] | None = getattr(request_state().view, "budget", None)
    return Budget.READS if of is None else of()


def _is_unlimited() -> bool:
    return getattr(request_state().view, "is_unlimited", False) or request.method == "OPTIONS"
