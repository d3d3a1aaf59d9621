"""The web application: `create_app` builds it, `start` makes it ready to serve. `python app.py` runs the development server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from functools import partial
from platform import python_version

import structlog
from flask import request
from werkzeug.middleware.proxy_fix import ProxyFix

import db_migrations
from analysis.engine import ENGINE_VERSION
from api import docs
from api.application import Application
from api.audit import register_audit
from api.authentication import Authentication, register_authentication, register_guard
from api.client_gone import register_client_gone
from api.compression import register_compression
from api.errors import translate
from api.header_limits import register_header_limits
from api.heavy import heavy_slots
from api.metrics import register_metrics
from api.paging import CursorSigner
from api.rate_limit import register_rate_limits
from api.request_log import register_request_log
from api.request_state import request_state
from api.security_headers import register_security_headers
from api.services import Services
from config import VERSION, Settings
from database import DatabaseOptions
from features import load_features
from infrastructure.cache import Cache, CacheLimits, NoCache
from infrastructure.database_metrics import DatabaseCollector
from infrastructure.entrance import NOT_STARTED, set_up_log
from infrastructure.error_journal import ErrorJournal, NotedBreaker
from infrastructure.error_reports import flush_reports
from infrastructure.feature import Feature
from infrastructure.foundation import Foundation
from infrastructure.health import HealthChecks
from infrastructure.lifecycle import Lifecycle, Step
from infrastructure.metrics import Metrics, PrometheusMetrics, SafeMetrics
from infrastructure.rate_limiter import RateLimiter
from infrastructure.redis_link import RedisLink
from infrastructure.replacements import Replacements
from infrastructure.sql.pool_watchdog import PoolWatchdog
from jobs.celery_wakeup import wakeup_for
from jobs.event_routes import SOCKET_OPTIONS
from jobs.feed import JobFeed
from jobs.flags import BULK_JOBS
from jobs.reads import JobReads
from jobs.stalls import StallWatch
from models.problem import title_of
from utils.api_utils import ErrorHooks, register_error_handlers
from utils.database_errors import is_unavailable
from web import openid, pages, passkeys, people, sign_in, unsubscribe, welcome

__all__ = ["NOT_STARTED", "Application", "create_app", "main", "start", "stop"]

log = structlog.get_logger(__name__)

PLAIN_BLUEPRINTS = (
    *(docs.blueprint, pages.blueprint, sign_in.blueprint, openid.blueprint, passkeys.blueprint, people.blueprint, welcome.blueprint),
    unsubscribe.blueprint,
)
EXPOSED_HEADERS = [
    "Content-Disposition",
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-ID",
]


def create_app(settings: Settings | None = None) -> Application:
    """Build the application. It opens no connection; `start` does. Raises ConfigError for invalid settings.

    Without `settings` it loads them and sets up logging.
    """
    if settings is None:
        settings = Settings.load()
        set_up_log(settings)
    app = Application()
    features = load_features(settings)
    foundation = Foundation.of(settings, features, DatabaseOptions.of(settings))
    app.services = _build_services(foundation, features)
    app.config.update(MAX_CONTENT_LENGTH=settings.max_json_bytes, SOCK_SERVER_OPTIONS=SOCKET_OPTIONS)
    _register_hooks(app, app.services)
    hooks = ErrorHooks(pages.error_page, _request_id, partial(_note_error, app.services.errors), title_of)
    register_error_handlers(app, translate, hooks)
    for feature in features:
        for blueprint in feature.blueprints():
            app.register_blueprint(blueprint)
        for command in feature.commands():
            app.cli.add_command(command)
    for blueprint in PLAIN_BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def start(app: Application, connect_attempts: int | None = None, needs_database: bool = True) -> None:
    """Start the steps of the application's lifecycle. Any number of processes may start at once.

    `connect_attempts` is by default DB_CONNECT_ATTEMPTS. Without `needs_database` the application starts although the database is away,
    answers 503 until it is back, and never creates an SQLite file. Raises one of NOT_STARTED: the database cannot be reached, its schema
    cannot be served, or DATA_DIR cannot be written.
    """
    services = app.services
    if not needs_database:
        services.database.expect_file()

    def may_fail(part: str, error: Exception) -> bool:
        return not needs_database and part in ("database", "schema") and is_unavailable(error)

    services.lifecycle.start(may_fail, {"database": partial(services.database.connect, connect_attempts)})
    log.info("started", environment=services.settings.environment, database=services.database.description, version=VERSION)


def stop(app: Application) -> None:
    """Stop the started steps in reverse order. Each has a few seconds; one that fails or hangs does not keep the others from stopping."""
    app.services.lifecycle.stop()
    app.services.database.close()


def main(arguments: list[str] | None = None) -> int:
    """Run the development server until Ctrl-C or SIGTERM. Returns 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python app.py", description="Run the development server and its job workers until Ctrl-C.")
    parser.epilog = "It takes no arguments: environment variables set it up, such as PORT and DATABASE_URL (docs/settings.md)."
    parser.parse_args(arguments)
    from devserver import serve  # noqa: PLC0415 — devserver imports this module

    return serve()


def _build_services(foundation: Foundation, features: Iterable[Feature]) -> Services:
    settings, database = foundation.settings, foundation.database
    metrics = SafeMetrics(PrometheusMetrics()) if settings.metrics_enabled else Metrics()
    errors = ErrorJournal(database)
    database.breaker.observer = NotedBreaker(errors, metrics)
    metrics.add_breaker(database.breaker.name)
    redis = RedisLink(settings.redis_url, settings.redis_timeout, settings.redis_retry_seconds) if settings.redis_url else None
    cache = _build_cache(foundation, redis, metrics)
    authentication = _build_authentication(foundation, cache, features)
    job_feed = JobFeed(database, settings.redis_url, settings.streams_per_worker, metrics)
    build_labels = {"version": VERSION, "engine_version": str(ENGINE_VERSION), "python": python_version()}
    return Services(
        foundation=foundation,
        settings=settings,
        database=database,
        redis=redis,
        cache=cache,
        replacements=Replacements(database),
        flags=foundation.flags,
        metrics=metrics,
        errors=errors,
        collector=DatabaseCollector(database, build_labels, [partial(feature.metrics, foundation) for feature in features]),
        breakers=(database.breaker,),
        health=HealthChecks(database, (probe for feature in features for probe in feature.probes(foundation))),
        authentication=authentication,
        cursors=CursorSigner(settings.resolve_secret_key),
        rate_limiter=RateLimiter(redis) if settings.rate_limit_enabled else None,
        heavy_slots=heavy_slots(settings),
        wakeup=wakeup_for(settings),
        job_feed=job_feed,
        job_reads=JobReads(database, job_feed),
        stalls=StallWatch(database, lambda org_id: not foundation.flags.is_enabled(BULK_JOBS, org_id)),
        universes=foundation.universes,
        lifecycle=Lifecycle(
            [
                *_build_steps(foundation, features, redis, job_feed),
                Step("recent errors", stop=errors.close),
                Step("accounts", stop=authentication.close),
            ]
        ),
    )


def _build_authentication(foundation: Foundation, cache: Cache, features: Iterable[Feature]) -> Authentication:
    (build,) = (feature.authentication for feature in features if feature.authentication is not None)
    return build(foundation, cache)


def _build_cache(foundation: Foundation, redis: RedisLink | None, metrics: Metrics) -> Cache:
    settings = foundation.settings
    if not settings.cache_enabled:
        return NoCache(foundation.database)
    # A read of an SQLite file costs less than a hit in Redis.
    shared_redis = None if settings.uses_sqlite else redis
    return Cache(foundation.database, CacheLimits(settings.cache_max_bytes, settings.cache_seconds), shared_redis, metrics)


def _build_steps(foundation: Foundation, features: Iterable[Feature], redis: RedisLink | None, job_feed: JobFeed) -> list[Step]:
    """The steps in which a web process starts after `create_app`; it stops in reverse order. Optional steps exist only if configured."""
    settings, database = foundation.settings, foundation.database
    # Started after the schema, because the watchdog would end a long migration.
    is_watched = settings.db_use_seconds and not database.is_sqlite
    watchdog = PoolWatchdog(database.engine, settings.db_use_seconds) if is_watched else None
    return [
        Step("secrets", lambda: (settings.resolve_master_key(), settings.resolve_secret_key())),
        Step("error reports", stop=flush_reports),
        Step("database", database.connect, database.close),
        Step("schema", lambda: db_migrations.ensure_schema(settings.auto_migrate, database)),
        *([Step("watchdog", watchdog.start, watchdog.stop)] if watchdog else []),
        *(step for feature in features for step in feature.steps(foundation)),
        *([Step("redis", lambda: redis.call(lambda client: client.ping()), redis.close, is_optional=True)] if redis else []),
        Step("live progress", stop=job_feed.close),
    ]


def _register_hooks(app: Application, services: Services) -> None:
    """Register the hooks around requests: those before run in this order, those after in reverse."""
    settings = services.settings
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=1, x_host=1)  # type: ignore[method-assign]
    register_request_log(app)
    register_header_limits(app)
    register_metrics(app, services.metrics, services.database)
    register_security_headers(app)
    if settings.compress_responses:
        register_compression(app)
    register_authentication(app)
    if services.rate_limiter is not None:
        register_rate_limits(app, services.rate_limiter, services.foundation.limits, services.metrics)
    register_guard(app)
    register_audit(app)
    register_client_gone(app)
    if settings.cors_origins:
        from flask_cors import CORS  # noqa: PLC0415 — only where it is configured

        CORS(app, origins=list(settings.cors_origins), expose_headers=list(EXPOSED_HEADERS), max_age=600)


def _note_error(journal: ErrorJournal, error: Exception) -> None:
    # The route, never the path, and the class, never the message: both could quote what was sent.
    route = request.url_rule.rule if request.url_rule else "no route"
    journal.note("request", f"{request.method} {route}", type(error).__name__, _request_id())


def _request_id() -> str:
    return request_state().request_id


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
