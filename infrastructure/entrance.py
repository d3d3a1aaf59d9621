"""How every program of the service begins: it loads the settings, sets up the log, and says in words why it cannot run."""

from __future__ import annotations

import sys
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from config import VERSION, ConfigError, Settings
from infrastructure.error_reports import flush_reports, reporter
from models.migration import MigrationError
from utils.logger import configure_logging
from utils.start_errors import explain

NOT_STARTED = (MigrationError, SQLAlchemyError, OSError)  # what keeps a program from starting, and needs no traceback


def set_up_log(settings: Settings) -> None:
    """Log as the settings say; unexpected errors are reported where they name a place for that."""
    configure_logging(settings.log_level, settings.log_as_json, reporter(settings.dsn, settings.environment, VERSION))


def run_program(run: Callable[[Settings], int]) -> int:
    """Run a program with its settings. The exit code is its own, or 1 with the reason on stderr."""
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
