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
from infrastructure.limits import LimitBook
from infrastructure.metrics import Metrics
from infrastructure.rate_limiter import Hit, RateLimiter, Share, Window
from models.api_key import MASTER
from models.limits import Budgets
from utils.api_utils import ApiError

log = structlog.get_logger(__name__)

View = TypeVar("View", bound=Callable[..., Any])
REFUSED_KEYS = "refused_keys"  # in logs and metrics, the requests beyond a budget that carry no valid key
ORGANIZATION = "organization"  # and those beyond a budget of the whole organization


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
    own, state = services(), request_state()
    if own.rate_limiter is None:
        return
    hit = own.rate_limiter.hit(name, *_shares(request, state, own.foundation.limits))
    _answer_for(hit, name, state, own.metrics)


def register_rate_limits(app: Application, limiter: RateLimiter, limits: LimitBook, metrics: Metrics) -> None:
    """Refuse requests beyond a budget. Register it after authentication, which finds the caller."""
    for label in (*Budget, REFUSED_KEYS, ORGANIZATION):
        metrics.add_budget(label)

    def count(request: StatefulRequest) -> None:
        # Requests for unknown paths and with wrong methods count, too.
        state = request.state
        if getattr(state.view, "is_unlimited", False) or request.method == "OPTIONS":
            return
        budget = _budget_of(state)
        hit = limiter.hit(budget, *_shares(request, state, limits))
        _answer_for(hit, budget, state, metrics)

    def record_fallback(request: StatefulRequest, response: Response) -> Response:
        metrics.counting_in_memory(limiter.is_alone)
        return response

    app.add_hooks(before=count)
    if limiter.counts_in_redis:
        app.add_hooks(after=record_fallback)


def _answer_for(hit: Hit, budget: Budget, state: RequestState, metrics: Metrics) -> None:
    """Tell the windows of a counted request in its answer, and refuse it beyond one. Raises ApiError rate_limited."""
    state.limit_headers = _headers(hit)
    if hit.exceeded is not None:
        label = _label(hit.exceeded, budget, state)
        metrics.limited(label)
        raise _refusal(hit.exceeded, budget, label)


def _refusal(window: Window, budget: Budget, label: str) -> ApiError:
    limit = window.limit
    log.warning("rate limited", caller=caller(), budget=label, limit=f"{limit.amount} per 1 {limit.name}")
    whose = "The limit of your organization, which all its members and keys share," if limit.of else "The limit"
    detail = f"{whose} is {limit.amount} requests per {limit.name} ({budget}). Try again in {window.seconds_left} s."
    return ApiError(429, "rate_limited", detail, headers={"Retry-After": str(window.seconds_left)})


def _headers(hit: Hit) -> HeaderPairs:
    """The windows as the IETF draft's RateLimit fields, and as X-RateLimit-* the window with the fewest remaining requests.

    Those of the organization are told where they leave fewer than the caller's own.
    """
    policies, states = [], []
    tightest = min(hit.windows, key=attrgetter("remaining"))
    for window in hit.windows:
        limit = window.limit
        if limit.of and window is not tightest:
            continue
        policies.append(f'"{limit.label}";q={limit.amount};w={limit.seconds}')
        states.append(f'"{limit.label}";r={window.remaining};t={window.seconds_left}')
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


def _shares(request: Request, state: RequestState, limits: LimitBook) -> tuple[Share, ...]:
    """Whom a request counts for: the caller, and the organization. The master key is the operator's, and counts for none."""
    principal = state.principal
    if principal is None:
        return (Share(_caller(request, state), limits.caller_rates),)
    if principal.user_id is None:
        share = Share(_caller(request, state), limits.caller_rates)
    else:
        share = _share_of_member(limits, principal.org_id, principal.user_id)
    if principal.key_id == MASTER:
        return (share,)
    return share, _share_of_organization(limits, principal.org_id)


def caller_share() -> tuple[Share, Budgets]:
    """How the current request counts for its caller, and what is set for them."""
    state, limits = request_state(), services().foundation.limits
    principal = state.principal
    is_member = principal is not None and principal.user_id is not None and principal.role is not None
    own = limits.find_of_member(principal.org_id, principal.user_id)[0] if principal and is_member and principal.user_id else Budgets()
    return _shares(request, state, limits)[0], own


def member_share(org_id: int, user_id: str) -> Share:
    """How requests of a member count for them."""
    return _share_of_member(services().foundation.limits, org_id, user_id)


def organization_share(org_id: int) -> Share:
    """How requests count for an organization."""
    return _share_of_organization(services().foundation.limits, org_id)


def _share_of_member(limits: LimitBook, org_id: int, user_id: str) -> Share:
    # Where an organization has set the budgets of a member, it counts the requests that are made for it, and those alone.
    own = limits.rates_of_member(org_id, user_id)
    return Share(f"user:{user_id}", limits.caller_rates) if own is None else Share(f"member:{org_id}:{user_id}", own)


def _share_of_organization(limits: LimitBook, org_id: int) -> Share:
    return Share(f"organization:{org_id}", limits.rates_of_organization(org_id))


def _label(window: Window, budget: Budget, state: RequestState) -> str:
    if state.needs_key and state.principal is None:
        return REFUSED_KEYS
    return ORGANIZATION if window.limit.of else str(budget)


def _budget_of(state: RequestState) -> Budget:
    choose: Callable[[], Budget] | None = getattr(state.view, "budget", None)
    return Budget.READS if choose is None else choose()
