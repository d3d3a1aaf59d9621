"""The development server: one web process, local job workers beside it, and an analysis of the sample at the first start."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Collection
from itertools import chain

from sqlalchemy.exc import SQLAlchemyError
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, is_running_from_reloader, make_server, run_simple

from api.application import Application
from app import create_app, start, stop
from config import VERSION, Settings
from database import Database
from features.analyses.bulk import submit
from features.analyses.service import result_body, result_pages
from features.prices.providers.sample import NAMES
from features.prices.service import find_heads
from infrastructure.cache import NoCache
from infrastructure.entrance import run_program, warn_of_public_development
from infrastructure.feature import Universes
from infrastructure.listening import in_url, listen
from jobs.service import find
from jobs.supervised_process import SupervisedWorkers
from models.api_key import FIRST_ORG
from models.bulk_analysis import BulkOrder, BulkParams
from models.screen import ResultFilter
from models.strategy import BALANCED, DEFAULT_STRATEGY
from utils.json_text import parse_strict
from utils.logger import route_through_root
from utils.start_errors import explain
from utils.terminal import ProgressBar

SAMPLE_SECONDS = 60.0  # the longest wait for the analysis of the sample before the server starts
POLL_SECONDS = 0.05


class QuietHandler(WSGIRequestHandler):
    """Logs no requests, because the application does, and answers an unreadable request as the application answers errors."""

    protocol_version = "HTTP/1.1"
    error_content_type = "application/problem+json"
    error_message_format = (
        '{"type": "urn:bellwether:problem:bad_request", "title": "Bad Request", "status": %(code)d, '
        '"detail": "This cannot be read as a request.", "code": "bad_request"}'
    )

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Do nothing: the application logs requests."""


def serve() -> int:
    """Serve until Ctrl-C or SIGTERM. Returns 0, or 1 with the reason on stderr."""
    return run_program(_serve, prefix="Not started: ")


def _serve(settings: Settings) -> int:
    app = create_app(settings)
    route_through_root("werkzeug")
    start(app)
    has_workers = settings.worker_processes > 0
    if settings.debug:
        with SupervisedWorkers(has_workers and is_running_from_reloader()):
            run_simple(settings.host, settings.port, app, threaded=True, use_reloader=True, request_handler=QuietHandler)
        return 0
    warn_of_public_development(settings, settings.host, "set HOST=127.0.0.1")
    server = _bind(settings, app)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with SupervisedWorkers(has_workers):
        try:
            if settings.loads_sample:
                _try_to_analyse_sample(app)
            print(_welcome(settings), flush=True)
            server.serve_forever()
        finally:
            server.server_close()
            stop(app)
    return 0


def _bind(settings: Settings, app: Application) -> BaseWSGIServer:
    try:
        # Bound here, because werkzeug would exit without our message when the port is in use.
        listener = listen(settings.host, settings.port)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OSError(f"Cannot listen on {in_url(settings.host)}:{settings.port} ({reason}). Set HOST or PORT to another.") from error
    listener.set_inheritable(True)
    return make_server(settings.host.strip("[]"), settings.port, app, threaded=True, request_handler=QuietHandler, fd=listener.detach())


def _try_to_analyse_sample(app: Application) -> None:
    try:
        _analyse_sample(app.services.database, app.services.settings)
    except SQLAlchemyError as error:
        # The server is useful without it: on a full disk, for example, stored results can still be read.
        print(f"The sample is not analysed. {explain(error)}", file=sys.stderr)


def _analyse_sample(database: Database, settings: Settings) -> None:
    """Analyse the sample by a job, show its progress, and print the verdicts. At later starts the stored results are used."""
    with database.read() as connection:
        tickers = tuple(find_heads(connection, FIRST_ORG, NAMES))
    if not tickers:
        return
    with database.transaction() as connection:
        job = submit(connection, FIRST_ORG, BulkOrder(tickers, BulkParams(BALANCED)), Universes()).job
    if settings.worker_processes == 0:
        print(f"The sample's job {job.id} waits for workers: LOCAL_WORKERS is 0, or JOB_ENGINE is celery.")
        return
    with ProgressBar(job.total) as bar:
        deadline = time.monotonic() + SAMPLE_SECONDS
        while not (job := find(database, FIRST_ORG, job.id)).is_finished and time.monotonic() < deadline:
            bar.show(job.completed)
            time.sleep(POLL_SECONDS)
        bar.show(job.completed)
    print(f"Job {job.id}: {job.completed} of {job.total} tickers analysed, {job.failed} failed.")
    print(verdict_table(database, tickers))


def verdict_table(database: Database, tickers: Collection[str]) -> str:
    """The latest verdicts of `tickers` as a table for a terminal."""
    lines = [f"{'ticker':8}{'as of':12}{'close':>10}{'score':>8}  {'verdict':12}{'entry':>10}{'stop':>10}{'target':>10}"]
    filters = ResultFilter(strategy=DEFAULT_STRATEGY, sort="ticker")
    for summary in chain.from_iterable(result_pages(database, FIRST_ORG, filters, Universes())):
        if summary.ticker not in tickers:
            continue
        result = parse_strict(result_body(database, FIRST_ORG, summary.id, NoCache(database)).body)
        trade = result["trade"] if result["signal"] == "BUY" else None
        otherwise = "sell, or stay out" if result["signal"] == "SELL" else "no trade"
        plan = "".join(f"{trade[name]:10.2f}" for name in ("entry", "stop_loss", "target")) if trade else f"{otherwise:>30}"
        lines.append(f"{result['ticker']:8}{result['as_of']:12}{result['close']:10.2f}{result['score']:8.2f}  {result['verdict']:12}{plan}")
    return "\n".join(lines)


def _welcome(settings: Settings) -> str:
    base = f"http://{in_url(settings.host)}:{settings.port}"
    if settings.master_api_key:
        key, source = "$MASTER_API_KEY", "The key is MASTER_API_KEY."
    else:
        key, source = f"$(cat {settings.master_key_file})", f"The key is in {settings.master_key_file}."
    return f"""
Bellwether {VERSION} on {base} ({settings.environment}); documentation at {base}/docs. Ctrl-C stops it.
{source} Try:

  curl -s -H "X-API-Key: {key}" -H "Content-Type: application/json" -d '{{"ticker": "AAPL"}}' {base}/api/v1/analyze
"""
