"""The job workers of this machine: `python worker.py`. `python app.py` and `gunicorn wsgi:app` keep one beside them.

It keeps LOCAL_WORKERS processes and does the maintenance. With JOB_ENGINE=celery it does the maintenance alone.
"""

from __future__ import annotations

import argparse
import sys
import threading

import structlog

import database
import db_migrations
from config import VERSION, ConfigError, Settings
from infrastructure.entrance import NOT_STARTED
from infrastructure.error_reports import flush_reports, reporter
from jobs.celery_wakeup import wakeup_for
from jobs.local import Supervisor, database_options, run_worker
from jobs.supervised_process import stop_on_signals_or_orphaned
from utils.logger import configure_logging
from utils.start_errors import explain

log = structlog.get_logger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM, Ctrl-C or the parent's end; the exit code is 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python worker.py", description="Run the job workers of this machine.")
    parser.add_argument(
        "--process", action="store_true", help="be one worker process; its parent holds the other end of its standard input"
    )
    parser.add_argument("name", nargs="?", help="the name that a parent gives, which holds the other end of standard input")
    given = parser.parse_args(arguments)
    stop = threading.Event()
    stop_on_signals_or_orphaned(stop, has_parent=given.name is not None)
    try:
        settings = Settings.load()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    configure_logging(settings.log_level, settings.log_as_json, reporter(settings.dsn, settings.environment, VERSION))
    database.configure(database_options(settings))
    try:
        database.connect()
        db_migrations.ensure_schema(settings.auto_migrate)
    except NOT_STARTED as error:
        log.error("worker not started", reason=explain(error))
        return 1
    wakeup = wakeup_for(settings)
    try:
        if given.process:
            run_worker(given.name, settings, wakeup, stop)
        else:
            log.info("workers started", processes=settings.worker_processes, engine=settings.job_engine, version=VERSION)
            Supervisor(settings, wakeup, stop).run()
    finally:
        database.close()
        flush_reports()
    log.info("worker stopped", worker=given.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
