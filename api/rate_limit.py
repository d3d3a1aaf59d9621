"""Rate limits: fixed windows for each API key, or for each address without a valid key.

Each request counts once in its budget's minute and once in the hour. The counts are in Redis when it is configured, shared by all
instances; otherwise, and while Redis is away, each process counts on its own.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from operator import attrgetter
from typing import Any, TypeVar

import structlog
from flask import Request, Response, request

from api.application import Application
from api.request_state import HeaderPairs, RequestState, StatefulRequest, request_state
from api.services import services
from config import Settings
from infrastructure.metrics import Metrics
from infrastructure.rate_limiter import Hit, RateLimiter, Window
from infrastructure.redis_link import RedisLink
from utils.api_utils import ApiError

log = structlog.get_logger(__name__)

View = TypeVar("View", bound=Callable[..., Any])
REFUSED_KEYS = "refused_keys"  # in logs and metrics, the requests beyond a budget that carry no valid key


class Budget(StrEnum):
    """The budgets of requests. READS is for routes without a budget of their own."""

    READS = "reads"
    ANALYSES = "analyses"
    BULK = "bulk"
    UPLOADS = "uploads"
    HEAVY_READS = "heavy_reads"
    TESTS = "tests"


def budget(name: Budget, when: Callable[[], bool] = lambda: True) -> Callable[[View], View]:
    """Mark a route: its requests for which `when()` is true count in a budget, the others as reads."""

    def mark(view: View) -> View:
        view.__dict__["budget"] = lambda: name if when() else Budget.READS
        return view

    return mark


def count_also(name: Budget) -> None:
    """Count the current request in another budget, too, which only its body tells. Raises ApiError rate_limited."""
    own = services()
    if own.rate_limiter is None:
        return
    hit = own.rate_limiter.hit(caller(), name)
    request_state().limit_headers = _headers(hit)
    if hit.exceeded is not None:
        own.metrics.limited(str(name))
        raise _refusal(hit.exceeded, name, str(name))


def register_rate_limits(app: Application, limiter: RateLimiter, metrics: Metrics) -> None:
    """Refuse requests beyond a budget. Register it after authentication, which finds the caller."""
    for label in (*Budget, REFUSED_KEYS):
        metrics.add_budget(label)

    def count(request: StatefulRequest) -> None:
        # Requests for unknown paths and with wrong methods count, too.
        state = request.state
        if getattr(state.view, "is_unlimited", False) or request.method == "OPTIONS":
            return
        budget = _budget_of(state)
        hit = limiter.hit(_caller(request, state), budget)
        state.limit_headers = _headers(hit)
        if hit.exceeded is not None:
            label = REFUSED_KEYS if state.needs_key and state.principal is None else str(budget)
            metrics.limited(label)
            raise _refusal(hit.exceeded, budget, label)

    def record_fallback(request: StatefulRequest, response: Response) -> Response:
        metrics.counting_in_memory(limiter.is_alone)
        return response

    app.add_hooks(before=count)
    if limiter.counts_in_redis:
        app.add_hooks(after=record_fallback)


def make_limiter(settings: Settings, redis: RedisLink | None) -> RateLimiter:
    """A limiter with the limits of the settings."""
    per_minute: dict[str, int] = {
        Budget.READS: settings.rate_limit_per_minute,
        Budget.ANALYSES: settings.rate_limit_analyses_per_minute,
        Budget.BULK: settings.rate_limit_bulk_per_minute,
        Budget.UPLOADS: settings.rate_limit_uploads_per_minute,
        Budget.HEAVY_READS: settings.rate_limit_heavy_reads_per_minute,
        Budget.TESTS: settings.rate_limit_tests_per_minute,
    }
    return RateLimiter(per_minute, settings.rate_limit_per_hour, redis)


def _refusal(window: Window, budget: Budget, label: str) -> ApiError:
    limit = window.limit
    log.warning("rate limited", caller=caller(), budget=label, limit=f"{limit.amount} per 1 {limit.name}")
    detail = f"The limit is {limit.amount} requests per {limit.name} ({budget}). Try again in {window.seconds_left} s."
    return ApiError(429, "rate_limited", detail, headers={"Retry-After": str(window.seconds_left)})


def _headers(hit: Hit) -> HeaderPairs:
    """The windows as the IETF draft's RateLimit fields, and as X-RateLimit-* the window with the fewest remaining requests."""
    policies, states = [], []
    for window in hit.windows:
        limit = window.limit
        policies.append(f'"{limit.name}";q={limit.amount};w={limit.seconds}')
        states.append(f'"{limit.name}";r={window.remaining};t={window.seconds_left}')
    tightest = min(hit.windows, key=attrgetter("remaining"))
    return (
        ("RateLimit-Policy", ", ".join(policies)),
        ("RateLimit", ", ".join(states)),
        ("X-RateLimit-Limit", str(tightest.limit.amount)),
        ("X-RateLimit-Remaining", str(tightest.remaining)),
        ("X-RateLimit-Reset", str(int(tightest.ends_at + 1))),
    )


def caller() -> str:
    """The caller that requests are counted for: the API key, else the address."""
    return _caller(request, request_state())


def _caller(request: Request, state: RequestState) -> str:
    principal = state.principal
    if principal is None:
        return f"address:{request.remote_addr}"
    # All keys and sessions of a person share the person's budgets.
    return f"user:{principal.user_id}" if principal.user_id is not None else f"key:{principal.key_id}"


def _budget_of(state: RequestState) -> Budget:
    choose: Callable[[], Budget] | None = getattr(state.view, "budget", None)
    return Budget.READS if choose is None else choose()
