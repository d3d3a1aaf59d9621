"""How much one caller may ask of the service: fixed windows, by key, else by address.

Each request counts once in its budget of the minute and once in the hour. The counts are in Redis when it is configured, so that every
instance sees the same; else, and while Redis is away, each process counts for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

import structlog
from flask import Flask, Response, after_this_request, request

from api.request_state import request_state
from config import Settings
from infrastructure.metrics import Metrics
from infrastructure.rate_limiter import Hit, RateLimiter, Window
from infrastructure.redis_link import RedisLink
from utils.api_utils import ApiError

log = structlog.get_logger(__name__)

View = TypeVar("View", bound=Callable[..., Any])


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


def register_rate_limits(app: Flask, limiter: RateLimiter, metrics: Metrics) -> None:
    """Refuse requests past a budget; to be registered after what finds out who is calling."""

    @app.before_request
    def count() -> None:
        # What has no route counts, too: unknown paths and wrong methods would be free.
        if _is_unlimited():
            return
        budget = _budget()
        hit = limiter.hit(caller(), budget)

        @after_this_request
        def tell_limits(response: Response) -> Response:
            _add_headers(response, hit)
            return response

        if hit.exceeded is not None:
            counted = "refused_keys" if request_state().needs_key and request_state().principal is None else str(budget)
            metrics.limited(counted)
            raise _refusal(hit.exceeded, budget, counted)

    @app.after_request
    def show_who_counts(response: Response) -> Response:
        metrics.counting_in_memory(limiter.is_alone)
        return response


def make_limiter(settings: Settings, redis: RedisLink | None) -> RateLimiter:
    """The limiter that the settings ask for."""
    per_minute: dict[str, int] = {
        Budget.READS: settings.rate_limit_per_minute,
        Budget.ANALYSES: settings.rate_limit_analyses_per_minute,
        Budget.BULK: settings.rate_limit_bulk_per_minute,
        Budget.UPLOADS: settings.rate_limit_uploads_per_minute,
        Budget.HEAVY_READS: settings.rate_limit_heavy_reads_per_minute,
    }
    return RateLimiter(per_minute, settings.rate_limit_per_hour, redis)


def _refusal(window: Window, budget: Budget, counted: str) -> ApiError:
    limit = window.limit
    log.warning("rate limited", caller=caller(), budget=counted, limit=f"{limit.amount} per 1 {limit.name}")
    detail = f"The limit is {limit.amount} requests per {limit.name} ({budget}). Try again in {window.seconds_left} s."
    return ApiError(429, "rate_limited", detail, headers={"Retry-After": str(window.seconds_left)})


def _add_headers(response: Response, hit: Hit) -> None:
    """The windows as in the IETF's draft of RateLimit fields; X-RateLimit-* for the window with the least left."""
    policies, states = [], []
    for window in hit.windows:
        limit = window.limit
        policies.append(f'"{limit.name}";q={limit.amount};w={limit.seconds}')
        states.append(f'"{limit.name}";r={window.remaining};t={window.seconds_left}')
    tightest = min(hit.windows, key=lambda window: window.remaining)
    add = response.headers.add  # they are new here: setting would look for them first
    add("RateLimit-Policy", ", ".join(policies))
    add("RateLimit", ", ".join(states))
    add("X-RateLimit-Limit", str(tightest.limit.amount))
    add("X-RateLimit-Remaining", str(tightest.remaining))
    add("X-RateLimit-Reset", str(int(tightest.ends_at + 1)))


def caller() -> str:
    """Who is counted: the key, else the address."""
    principal = request_state().principal
    return f"address:{request.remote_addr}" if principal is None else f"key:{principal.key_id}"


def _budget() -> Budget:
    of: Callable[[], Budget] | None = getattr(request_state().view, "budget", None)
    return Budget.READS if of is None else of()


def _is_unlimited() -> bool:
    return getattr(request_state().view, "is_unlimited", False) or request.method == "OPTIONS"
