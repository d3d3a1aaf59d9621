"""The start of every program: it loads the settings, sets up logging, and prints the reason when it cannot run."""

from __future__ import annotations

import sys
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from config import VERSION, ConfigError, Settings
from infrastructure.error_reports import flush_reports, reporter
from models.migration import MigrationError
from utils.logger import configure_logging
from utils.start_errors import explain

NOT_STARTED = (MigrationError, SQLAlchemyError, OSError)  # expected failures of a start: their message is enough, without a traceback


def set_up_log(settings: Settings) -> None:
    """Configure logging from the settings, with reports to Sentry when a DSN is set."""
    configure_logging(settings.log_level, settings.log_as_json, reporter(settings.dsn, settings.environment, VERSION))


def run_program(run: Callable[[Settings], int]) -> int:
    """Load the settings and call `run` with them. Returns its exit code, or 1 with the reason on stderr when the program cannot start."""
    try:
        settings = Settings.load()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    set_up_log(settings)
    try:
        return run(settings)
    except NOT_STARTED as error:
        print(f"Not started: {explain(error)}", file=sys.stderr)
        return 1
    finally:
        flush_reports()
