"""Logging: structlog for our own lines, the standard library for those of other libraries, in one format on stderr.

Events are constant strings with fields as keywords. Fields bound to the context, such as the request id, are on every line.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import IO, Any, BinaryIO, TextIO, cast

import orjson
import structlog

SECRET_FIELDS = frozenset({"api_key", "authorization", "cookie", "key", "master_api_key", "password", "secret", "secret_key", "token"})
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
WRITE_ADDRESSES = ("httpx", "httpcore")  # libraries that log the address of each request, in which there may be a key


def configure_logging(level: str, as_json: bool, report: Callable[[BaseException, str], None] | None = None) -> None:
    """Set up logging for this process; `level` is debug, info, warning or error. May be called again.

    `report` is called with each exception that is logged with a traceback, and its event.
    """
    shared: list[Any] = [
        *([_reporting(report)] if report else []),
        structlog.contextvars.merge_contextvars,
        _complete,
    ]
    renderer: Any  # for our own lines
    foreign_renderer: Any  # for the standard library, whose handlers need text
    factory: Any
    if as_json:
        renderer, foreign_renderer = _dump, _dump_text
        lines = _Lines(sys.stderr.buffer)
        factory = lambda *_: lines  # noqa: E731 — every logger writes to the same stream
    else:
        # By default structlog uses Rich where it is installed, which prints every local variable, secrets included, and takes seconds.
        plain = structlog.dev.plain_traceback
        renderer = foreign_renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)
        factory = structlog.PrintLoggerFactory(cast(TextIO, _Output(sys.stderr)))
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, foreign_renderer],
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[level])
    for name in WRITE_ADDRESSES:
        logging.getLogger(name).setLevel(max(_LEVELS[level], logging.WARNING))


def route_through_root(*names: str) -> None:
    """Remove the handlers of other libraries' loggers, so that their lines go through the root logger."""
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


class _Lines:
    """Our own lines as JSON. It ignores errors, as `_Output` does.

    It needs no lock, which every request would wait for: the stream takes each line whole, and may send it with another thread's.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, line: bytes) -> None:
        """Write a line at once, or drop it."""
        with suppress(OSError):
            self._stream.write(line + b"\n")
            self._stream.flush()

    debug = info = warning = error = critical = write


class _Output:
    """A stream that ignores errors: with a full disk, log lines are lost, but the service works."""

    def __init__(self, stream: IO[Any]) -> None:
        self._stream = stream

    def write(self, line: Any) -> None:
        """Write a line, or drop it."""
        with suppress(OSError):
            self._stream.write(line)

    def flush(self) -> None:
        """Flush, or ignore the error."""
        with suppress(OSError):
            self._stream.flush()


def _reporting(report: Callable[[BaseException, str], None]) -> Any:
    def report_exception(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        exc_info = event.get("exc_info")
        error = exc_info if isinstance(exc_info, BaseException) else sys.exc_info()[1] if exc_info else None
        if error is not None:
            report(error, str(event.get("event")))
        return event

    return report_exception


def _complete(_: Any, level: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add level and time, and hide secrets."""
    event["level"] = level
    event["timestamp"] = datetime.now(UTC).isoformat()[: -len("+00:00")] + "Z"
    for field in SECRET_FIELDS.intersection(event):
        event[field] = "[redacted]"
    return event


def _dump(logger: Any, method: str, event: MutableMapping[str, Any]) -> bytes:
    if "exc_info" in event:
        event = structlog.processors.format_exc_info(logger, method, event)
    return orjson.dumps(event, default=str)


def _dump_text(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
    return _dump(logger, method, event).decode()
