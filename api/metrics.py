"""Counts every answer by route and status."""

from __future__ import annotations

from time import perf_counter

from flask import Response

from api.application import Application
from api.request_state import StatefulRequest
from database import Database
from infrastructure.metrics import Metrics

NO_ROUTE = "none"  # one label for all unknown paths, because clients can invent any number of them
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})  # others are counted together, for the same reason


def register_metrics(app: Application, metrics: Metrics, database: Database) -> None:
    """Count answers and record the connection pool. Register it before hooks that answer requests themselves."""

    def count(request: StatefulRequest, response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else NO_ROUTE
        method = request.method if request.method in METHODS else "other"
        metrics.request(method, route, response.status_code, perf_counter() - request.state.started)
        metrics.pool(database)
        return response

    app.add_hooks(after=count)
