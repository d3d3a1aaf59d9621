"""Replace parts of an application by ones whose clock or reading interval a test sets."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from api.application import Application
from features import FEATURES
from features.accounts.service import make_accounts
from infrastructure.cache import Cache, CacheLimits
from infrastructure.database_metrics import DatabaseCollector
from infrastructure.health import HealthChecks


def with_cache(app: Application, follow_seconds: float, clock: Callable[[], float] = time.monotonic) -> Application:
    """Give the application a cache that reads invalidations every `follow_seconds`, and expires entries and sessions by `clock`."""
    parts = app.services
    settings, database = parts.settings, parts.database
    limits = CacheLimits(settings.cache_max_bytes, settings.cache_seconds, follow_seconds)
    cache = Cache(database, limits, None if settings.uses_sqlite else parts.redis, parts.metrics, clock)
    app.services = replace(parts, cache=cache, authentication=make_accounts(settings, database, cache, clock))
    return app


def with_fresh_metrics(app: Application) -> Application:
    """Give the application database metrics that are read at every scrape."""
    parts, foundation = app.services, app.services.foundation
    readers = [partial(feature.metrics, foundation) for feature in FEATURES]
    app.services = replace(parts, collector=DatabaseCollector(parts.database, {"version": "test"}, readers, fresh_seconds=0.0))
    return app


def with_fresh_health(app: Application) -> Application:
    """Give the application health checks that run at every request."""
    parts, foundation = app.services, app.services.foundation
    probes = [probe for feature in FEATURES for probe in feature.probes(foundation)]
    app.services = replace(parts, health=HealthChecks(parts.database, probes, fresh_seconds=0.0))
    return app
