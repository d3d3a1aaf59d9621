"""Counts every answer by route and status."""

from __future__ import annotations

from time import perf_counter

from flask import Flask, Response, request

from api.request_state import request_state
from database import Database
from infrastructure.metrics import Metrics

NO_ROUTE = "none"  # one label for all unknown paths, because clients can invent any number of them
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})  # others are counted together, for the same reason


def register_metrics(app: Flask, metrics: Metrics, database: Database) -> None:
    """Count answers and record the connection pool. Register it before hooks that answer requests themselves."""

    @app.after_request
    def count(response: Response) -> Response:
        current = request._get_current_object()  # type: ignore[attr-defined]
        route = current.url_rule.rule if current.url_rule else NO_ROUTE
        method = current.method if current.method in METHODS else "other"
        metrics.request(method, route, response.status_code, perf_counter() - request_state().started)
        metrics.pool(database)
        return response
