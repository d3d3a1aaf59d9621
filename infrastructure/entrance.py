"""What every program does around its work: it loads the settings, sets up logging, says why it cannot go on, and closes the database."""

from __future__ import annotations

import sys
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

import database
from config import VERSION, ConfigError, Settings, tidied_variables
from infrastructure.error_reports import flush_reports, reporter
from infrastructure.listening import is_public
from models.migration import MigrationError
from utils.logger import configure_logging
from utils.start_errors import explain

log = structlog.get_logger(__name__)

NOT_STARTED = (MigrationError, SQLAlchemyError, OSError)  # expected failures of a start: their message is enough, without a traceback


def set_up_log(settings: Settings) -> None:
    """Configure logging from the settings, with reports to Sentry when a DSN is set. Logs which settings were tidied."""
    configure_logging(settings.log_level, settings.log_as_json, reporter(settings.dsn, settings.environment, VERSION))
    tidied = tidied_variables()
    if tidied:
        log.warning("blanks or quotes around settings are not part of them", variables=tidied)


def warn_of_public_development(settings: Settings, host: str, how_to_close: str) -> None:
    """Log loudly when the rules of development apply where other machines can connect; `how_to_close` makes it listen to this one alone."""
    if settings.environment == "development" and is_public(host):
        log.warning(
            "DEVELOPMENT SETTINGS, OPEN TO THE NETWORK",
            remedy=f"Set ENVIRONMENT=production, which has stricter rules, or {how_to_close}.",
            host=host,
            port=settings.port,
        )


def run_program(
    run: Callable[[Settings], int],
    failures: tuple[type[Exception], ...] = NOT_STARTED,
    prefix: str = "",
) -> int:
    """Load the settings, set up logging, call `run`, and close the process-wide database. Returns the exit code of `run`.

    For invalid settings and for `failures`, it prints the reason on stderr, behind `prefix`, and returns 1. Other exceptions are raised.
    """
    try:
        settings = Settings.load()
        set_up_log(settings)
        return run(settings)
    except ConfigError as error:
        print(error, file=sys.stderr)
    except failures as error:
        print(f"{prefix}{explain(error)}", file=sys.stderr)
    finally:
        database.close()
        flush_reports()
    return 1
