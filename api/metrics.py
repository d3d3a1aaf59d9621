"""`/metrics` for Prometheus, and the counting of requests."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from time import perf_counter

from flask import Blueprint, Flask, Response, current_app, g, request

import database
from api.auth import is_authenticated
from config import Settings
from services.metrics import CONTENT_TYPE, Metrics
from services.metrics_snapshot import DatabaseCollector
from utils.api_utils import ApiError
from utils.breaker import Breaker
from utils.marks import public, unlimited

blueprint = Blueprint("metrics", __name__)

SETTINGS, METRICS = "settings", "metrics"  # the application's extensions
COLLECTOR = "database_collector"
NO_ROUTE = "none"  # unknown paths count under one name: there are as many of them as attackers like
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})  # callers may make up others without end


@blueprint.get("/metrics")
@public
@unlimited
def get_metrics() -> Response:
    """Everything counted by the processes of this instance. Needs METRICS_TOKEN as bearer token, or a key."""
    settings: Settings = current_app.extensions[SETTINGS]
    if not settings.metrics_enabled:
        raise ApiError(404, "not_found", "Metrics are switched off (METRICS_ENABLED).")
    if not (_has_token(settings) or is_authenticated()):
        detail = "Send METRICS_TOKEN or an API key as Authorization: Bearer …."
        raise ApiError(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="bellwether"'})
    metrics: Metrics = current_app.extensions[METRICS]
    metrics.pool(database.current())
    body = metrics.exposition([current_app.extensions[COLLECTOR]])
    return Response(body, content_type=CONTENT_TYPE)


def register_metrics(app: Flask, metrics: Metrics, breakers: Iterable[Breaker]) -> None:
    """Count every answer, by route and status."""
    app.extensions[METRICS] = metrics
    app.extensions[COLLECTOR] = DatabaseCollector()
    for breaker in breakers:
        breaker.observer = metrics
        metrics.breaker_made(breaker.name)

    @app.after_request
    def count(response: Response) -> Response:
        here = request._get_current_object()  # type: ignore[attr-defined]
        route = here.url_rule.rule if here.url_rule else NO_ROUTE
        method = here.method if here.method in METHODS else "other"
        metrics.request(method, route, response.status_code, perf_counter() - g.started)
        metrics.pool(database.current())
        return response


def _has_token(settings: Settings) -> bool:
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else ""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())
