"""Reports exceptions that are logged with a traceback to Sentry, if a DSN is set, with the ids of the log context only."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import structlog

Report = Callable[[BaseException, str], None]
FLUSH_SECONDS = 2.0


def reporter(dsn: str | None, environment: str, release: str) -> Report | None:
    """A function that reports an exception and its log event, in the background; None without a DSN."""
    if dsn is None:
        return None
    import sentry_sdk  # noqa: PLC0415 — 4 MB and a thread, needed only with a DSN

    # The integrations would send requests with bodies and headers; ids are enough to find the log lines.
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=f"bellwether@{release}",
        default_integrations=False,
        auto_enabling_integrations=False,
        send_default_pii=False,
        include_local_variables=False,
    )

    def report(error: BaseException, event: str) -> None:
        with sentry_sdk.new_scope() as scope:
            scope.set_tag("event", event)
            for name, value in structlog.contextvars.get_contextvars().items():
                scope.set_tag(name, str(value))
            sentry_sdk.capture_exception(error)

    return report


def flush_reports() -> None:
    """Wait up to FLUSH_SECONDS for unsent reports."""
    sentry: Any = sys.modules.get("sentry_sdk")
    if sentry is not None:
        sentry.flush(timeout=FLUSH_SECONDS)
