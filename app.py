"""The application, and the development server: `python app.py`."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Callable, Collection
from typing import Any

import structlog
from flask_cors import CORS
from flask_openapi3 import Info, OpenAPI
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, is_running_from_reloader, make_server, run_simple

import api.metrics as metrics_api
import database
import db_migrations
from api import (
    admin,
    analysis,
    cache,
    docs,
    feature_flag,
    health,
    job,
    job_events,
    overview,
    price,
    report,
    result,
    series,
    session,
    strategy,
    ticker,
    watchlist,
)
from api.auth import register_auth, register_guard
from api.client_gone import register_client_gone
from api.compression import register_compression
from api.errors import translate
from api.header_limits import register_header_limits
from api.heavy import register_heavy_slots
from api.metrics import register_metrics
from api.paging import EXTENSION, CursorSigner
from api.rate_limit import register_rate_limits
from api.security_headers import register_security_headers
from config import VERSION, ConfigError, Settings
from jobs.kept import Keeping
from jobs.wakeup import wakeup_for
from models.api_key import FIRST_ORG
from models.feature_flag import Feature
from models.job import BulkOrder, BulkParams
from models.result import ResultFilter
from models.strategy import DEFAULT_STRATEGY
from providers.base import PriceProvider
from providers.sample import NAMES, SampleProvider
from schemas.base import LARGEST_LIMIT
from schemas.problem import Problem
from services.api_key import KeyRing
from services.cache import Cache, NoCache
from services.feature_flag import FeatureFlags
from services.health import HealthChecks
from services.job import find, submit
from services.job_feed import JobFeed
from services.job_reads import JobReads
from services.metrics import Metrics, PrometheusMetrics, SafeMetrics
from services.sample import load_if_empty
from services.session import Sessions
from store.price import find_heads
from store.result import find_body, latest
from utils.api_utils import StrictRequest, register_error_handlers, register_request_log, validation_problem
from utils.error_reports import flush_reports, reporter
from utils.json_text import parse_strict
from utils.lifecycle import Lifecycle, Step
from utils.logger import configure_logging, route_through_root
from utils.pool_watchdog import PoolWatchdog
from utils.redis_link import RedisLink
from utils.start_errors import explain
from utils.terminal import ProgressBar
from web import pages, sign_in

log = structlog.get_logger(__name__)

SETTINGS, LIFECYCLE, ATTEMPTS = "settings", "lifecycle", "connect_attempts"
SAMPLE_SECONDS = 60.0  # the server is served however long the sample takes
NOT_STARTED = (db_migrations.MigrationError, SQLAlchemyError, OSError)
BLUEPRINTS = (
    *(analysis, job, job_events, result, report, watchlist, overview, ticker, price, series),
    *(strategy, health, feature_flag, cache, session, admin),
)
PLAIN_BLUEPRINTS = (docs.blueprint, metrics_api.blueprint, job_events.socket_blueprint, pages.blueprint, sign_in.blueprint)
DESCRIPTION = "Price history in, explained verdicts out. Send the key as `X-API-Key` or as a bearer token."
EXPOSED_HEADERS = [
    "Content-Disposition",
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-ID",
]


class Application(OpenAPI):
    """Flask with an OpenAPI document and strict JSON bodies."""

    request_class = StrictRequest

    def wsgi_app(self, environ: dict[str, Any], start_response: Any) -> Any:
        """As Flask's, but a target without a path (`GET http://host`) is the root, where the framework would redirect to it in HTML."""
        environ["PATH_INFO"] = environ.get("PATH_INFO") or "/"
        return super().wsgi_app(environ, start_response)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: nothing here is a coroutine, and Flask would look for that six times a request."""
        return func


def create_app(settings: Settings | None = None) -> Application:
    """Put the application together. Connects to nothing: `start` does. Raises ConfigError for settings that are refused."""
    settings = settings or Settings.load()
    configure_logging(settings.log_level, settings.log_as_json, reporter(settings.dsn, settings.environment, VERSION))
    database.configure(settings)
    app = _new_application()
    metrics = SafeMetrics(PrometheusMetrics()) if settings.metrics_enabled else Metrics()
    redis = RedisLink(settings.redis_url) if settings.redis_url else None
    kept = _cache(settings, redis, metrics)
    flags = FeatureFlags()
    app.config.update(MAX_CONTENT_LENGTH=settings.max_json_bytes, MAX_UPLOAD_BYTES=settings.max_upload_bytes)
    app.config["SOCK_SERVER_OPTIONS"] = job_events.SOCKET_OPTIONS
    app.extensions[SETTINGS] = settings
    app.extensions[EXTENSION] = CursorSigner(settings.resolve_secret_key)
    app.extensions[job.WAKEUP] = wakeup_for(settings)
    app.extensions[job_events.FEED] = JobFeed(settings.redis_url, settings.streams_per_worker, metrics)
    app.extensions[job.READS] = JobReads(app.extensions[job_events.FEED])
    app.extensions[feature_flag.FLAGS] = flags
    app.extensions[cache.CACHE] = kept
    app.extensions[health.CHECKS] = HealthChecks(settings, lambda: not flags.is_enabled(Feature.BULK_JOBS))
    # What runs before a request runs in this order, what runs after it in the reverse.
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=1, x_host=1)  # type: ignore[method-assign]
    register_request_log(app)
    register_header_limits(app)
    register_metrics(app, metrics, (database.current().breaker,))
    register_security_headers(app)
    if settings.compress_responses:
        register_compression(app)
    ring = KeyRing(settings.resolve_master_key, kept)
    register_auth(app, ring, Sessions(ring, kept))
    register_rate_limits(app, settings, redis, metrics)
    register_guard(app)
    register_heavy_slots(app, settings)
    register_client_gone(app)
    register_error_handlers(app, translate, pages.error_page)
    if settings.cors_origins:
        CORS(app, origins=list(settings.cors_origins), expose_headers=list(EXPOSED_HEADERS), max_age=600)
    for module in BLUEPRINTS:
        app.register_api(module.blueprint)
    for blueprint in PLAIN_BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.extensions[LIFECYCLE] = Lifecycle(_steps(app, settings, redis, SampleProvider()))
    return app


def _steps(app: Application, settings: Settings, redis: RedisLink | None, sample: PriceProvider) -> list[Step]:
    """What a serving process starts, in this order, once its settings and its log are there; it stops in the reverse.

    What is optional is off unless it is configured, and is gone on without when it does not start.
    """
    here = database.current()
    # After the schema: a migration takes as long as it takes.
    is_watched = settings.db_use_seconds and not here.is_sqlite
    watchdog = PoolWatchdog(here.engine, settings.db_use_seconds) if is_watched else None
    return [
        Step("secrets", lambda: (settings.resolve_master_key(), settings.resolve_secret_key())),
        Step("error reports", stop=flush_reports),
        Step("database", lambda: here.connect(app.extensions.get(ATTEMPTS)), here.close),
        Step("schema", lambda: db_migrations.ensure_schema(settings.auto_migrate)),
        *([Step("watchdog", watchdog.start, watchdog.stop)] if watchdog else []),
        *([Step("sample", lambda: load_if_empty(sample), is_optional=True)] if settings.loads_sample else []),
        *([Step("redis", lambda: redis.call(lambda client: client.ping()), redis.close, is_optional=True)] if redis else []),
        Step("live progress", stop=app.extensions[job_events.FEED].close),
    ]


def _cache(settings: Settings, redis: RedisLink | None, metrics: Metrics) -> Cache:
    if not settings.cache_enabled:
        return NoCache()
    # Beside an SQLite file, reading again costs less than asking Redis.
    shared = None if settings.uses_sqlite else redis
    return Cache(settings.cache_max_bytes, settings.cache_seconds, shared, metrics)


def start(app: Application, connect_attempts: int | None = None, needs_database: bool = True) -> None:
    """Make ready to serve, in the order of `_steps`. Any number of processes may do so at once.

    `connect_attempts` is DB_CONNECT_ATTEMPTS unless given. Without `needs_database` it goes on when the database is away, and serves 503
    until that is back. Raises one of NOT_STARTED: the database cannot be reached, its schema cannot
    be served, or DATA_DIR cannot be written.
    """
    settings: Settings = app.extensions[SETTINGS]
    app.extensions[ATTEMPTS] = connect_attempts

    def may_fail(part: str, error: Exception) -> bool:
        return not needs_database and part in ("database", "schema") and database.is_unavailable(error)

    app.extensions[LIFECYCLE].start(may_fail)
    log.info("started", environment=settings.environment, database=database.current().description, version=VERSION)


def stop(app: Application) -> None:
    """Stop what `start` started, in the reverse order; each part has a few seconds, whatever becomes of the others."""
    app.extensions[LIFECYCLE].stop()
    database.close()


def _new_application() -> Application:
    app = Application(
        "bellwether",
        info=Info(title="Bellwether", version=VERSION, description=DESCRIPTION),
        security_schemes={
            "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            "Bearer": {"type": "http", "scheme": "bearer"},
        },
        openapi_extensions={"security": [{"ApiKey": []}, {"Bearer": []}]},
        validation_error_model=Problem,
        validation_error_callback=_refuse_input,
        doc_ui=False,
        static_folder=None,
    )
    # Redirects to a tidier path would answer HTML.
    app.url_map.merge_slashes = False
    return app


def _refuse_input(error: Any) -> None:
    raise validation_problem(error)


# ---- the development server -------------------------------------------------------------------------------------------------------


class _QuietHandler(WSGIRequestHandler):
    """Requests are logged by the application, once; what cannot be read as a request is answered as the application would."""

    protocol_version = "HTTP/1.1"
    error_content_type = "application/problem+json"
    error_message_format = (
        '{"type": "urn:bellwether:problem:bad_request", "title": "Bad Request", "status": %(code)d, '
        '"detail": "This cannot be read as a request.", "code": "bad_request"}'
    )

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Leave it to the application."""


def main() -> int:
    """Start the development server; returns when it is stopped by Ctrl-C or SIGTERM."""
    try:
        settings = Settings.load()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    app = create_app(settings)
    route_through_root("werkzeug")
    try:
        start(app)
        if settings.debug:
            with Keeping(settings.worker_processes > 0 and is_running_from_reloader()):
                run_simple(settings.host, settings.port, app, threaded=True, use_reloader=True, request_handler=_QuietHandler)
            return 0
        server = _bind(settings, app)
    except NOT_STARTED as error:
        print(f"Not started: {explain(error)}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Keeping(settings.worker_processes > 0):
        try:
            if settings.loads_sample:
                _try_to_analyse_sample(settings)
            print(_welcome(settings), flush=True)
            server.serve_forever()
        finally:
            server.server_close()
            stop(app)
    return 0


def _try_to_analyse_sample(settings: Settings) -> None:
    try:
        _analyse_sample(settings)
    except SQLAlchemyError as error:
        # A full disk, say: what is stored can be read all the same.
        print(f"The sample is not analysed. {explain(error)}", file=sys.stderr)


def _analyse_sample(settings: Settings) -> None:
    """Analyse the sample through a job, with its progress in the terminal, and show the verdicts; a second time they are stored."""
    with database.read() as connection:
        tickers = tuple(find_heads(connection, FIRST_ORG, NAMES))
    if not tickers:
        return
    with database.transaction() as connection:
        submitted = submit(connection, FIRST_ORG, BulkOrder(tickers, BulkParams(DEFAULT_STRATEGY))).job
    if settings.worker_processes == 0:
        print(f"The sample's job {submitted.id} waits for workers: LOCAL_WORKERS is 0, or JOB_ENGINE is celery.")
        return
    with ProgressBar(submitted.total) as bar:
        deadline = time.monotonic() + SAMPLE_SECONDS
        while not (now := find(FIRST_ORG, submitted.id)).is_finished and time.monotonic() < deadline:
            bar.show(now.completed)
            time.sleep(0.05)
        bar.show(now.completed)
    print(f"Job {now.id}: {now.completed} of {now.total} tickers analysed, {now.failed} failed.")
    print(verdict_table(tickers))


def verdict_table(tickers: Collection[str]) -> str:
    """The latest verdicts of some tickers, laid out for a terminal."""
    lines = [f"{'ticker':8}{'as of':12}{'close':>10}{'score':>8}  {'verdict':12}{'entry':>10}{'stop':>10}{'target':>10}"]
    with database.read() as connection:
        shown = latest(connection, FIRST_ORG, ResultFilter(strategy=DEFAULT_STRATEGY, sort="ticker"), LARGEST_LIMIT)
        results = [find_body(connection, FIRST_ORG, summary.id) for summary in shown if summary.ticker in tickers]
    for found in results:
        if found is None:
            continue
        result = parse_strict(found[1])
        trade = result["trade"]
        prices = "".join(f"{trade[name]:10.2f}" for name in ("entry", "stop_loss", "target")) if trade else f"{'no trade':>30}"
        lines.append(
            f"{result['ticker']:8}{result['as_of']:12}{result['close']:10.2f}{result['score']:8.2f}  {result['verdict']:12}{prices}"
        )
    return "\n".join(lines)


def _bind(settings: Settings, app: Application) -> BaseWSGIServer:
    try:
        # Bound here: werkzeug's own way out of a port in use is to exit.
        listener = socket.create_server((settings.host, settings.port), reuse_port=False)
    except OSError as error:
        raise OSError(f"{settings.host}:{settings.port} cannot be listened on ({error.strerror}). Set PORT to another one.") from error
    listener.set_inheritable(True)
    return make_server(settings.host, settings.port, app, threaded=True, request_handler=_QuietHandler, fd=listener.detach())


def _welcome(settings: Settings) -> str:
    base = f"http://{settings.host}:{settings.port}"
    if settings.master_api_key:
        key, source = "$MASTER_API_KEY", "The key is MASTER_API_KEY."
    else:
        key, source = f"$(cat {settings.master_key_file})", f"The key is in {settings.master_key_file}."
    return f"""
Bellwether {VERSION} on {base} ({settings.environment}); documentation at {base}/docs. Ctrl-C stops it.
{source} Try:

  curl -s -H "X-API-Key: {key}" -H "Content-Type: application/json" -d '{{"ticker": "AAPL"}}' {base}/api/v1/analyze
"""


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
