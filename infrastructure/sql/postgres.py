"""Setup of the psycopg2 driver, per process and per connection, and the binary format of COPY."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import psycopg2
import psycopg2.extensions
import structlog
from sqlalchemy import Dialect, Engine, event

log = structlog.get_logger(__name__)

REFUSED_OPTIONS = "unsupported startup parameter"  # in PgBouncer's message
_INT16, _INT32 = struct.Struct(">h"), struct.Struct(">i")
_EXTENSION_AT = 15  # offset of the header extension: behind the signature and the flags


def register_types() -> None:
    """Refuse naive datetimes: the server would read them in the session's time zone."""
    psycopg2.extensions.register_adapter(datetime, _adapt_timestamp)


def connect_arguments(asked: Mapping[str, Any], connect_timeout: int, idle_seconds: float) -> dict[str, Any]:
    """The arguments of `psycopg2.connect`; times are in seconds.

    What the operator `asked` for in the URL stands: its options come before ours, and its other parameters instead of ours.
    """
    options = f"{asked.get('options', '')} -c timezone=UTC -c idle_in_transaction_session_timeout={round(1000 * idle_seconds)}"
    ours = {
        "connect_timeout": connect_timeout,
        "application_name": "bellwether",
        # A network that silently drops packets is detected within 15 s when data is sent, and within 45 s otherwise.
        "keepalives_idle": 30,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
    }
    return {name: value for name, value in ours.items() if name not in asked} | {"options": options.strip()}


def connect_through_poolers(engine: Engine, asked: Mapping[str, Any]) -> None:
    """Let an engine connect also where a pooler refuses or ignores the options of a start-up, as PgBouncer does as installed.

    Times are read in UTC there, too: a pooler keeps the time zone for each client. Idle transactions are ended by the pooler's own limit.
    What the operator `asked` for by options in the URL must apply, so that such a connection is refused.
    """
    takes_options = True

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Dialect, record: object, arguments: list[Any], parameters: dict[str, Any]) -> Any:
        nonlocal takes_options
        if takes_options:
            try:
                return _in_utc(psycopg2.connect(*arguments, **parameters))
            except psycopg2.OperationalError as error:
                if REFUSED_OPTIONS not in str(error) or "options" in asked:
                    raise
            takes_options = False
            log.warning("the pooler takes no options: set its idle_transaction_timeout, which ends transactions that hang")
        return _in_utc(psycopg2.connect(*arguments, **{name: value for name, value in parameters.items() if name != "options"}))


def _in_utc(connection: Any) -> Any:
    if connection.info.parameter_status("TimeZone") not in ("UTC", "Etc/UTC"):
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
        connection.commit()
    return connection


class BinaryRows:
    """A file that the driver writes COPY's binary format to. It passes the fields of each row on; None stands for NULL.

    Source: PostgreSQL's documentation of COPY, "Binary Format".
    """

    def __init__(self, receive: Callable[[tuple[bytes | None, ...]], None]) -> None:
        self._receive = receive
        self._rest = b""
        self._has_begun = False
        self._failure: Exception | None = None
        self.largest = 0  # bytes that were written at once

    def write(self, message: bytes) -> None:
        """Take a part of the data: the server sends each row as one message, behind the first message's header."""
        self.largest = max(self.largest, len(message))
        data = self._rest + message if self._rest else message
        position = 0 if self._has_begun else _header_end(data)
        if position is not None:
            self._has_begun = True
            while (parsed := _parse_row(data, position)) is not None:
                row, position = parsed
                self._pass_on(row)
        self._rest = data[position:]

    def raise_failure(self) -> None:
        """Raise the first exception of `receive`."""
        if self._failure is not None:
            raise self._failure

    def _pass_on(self, row: tuple[bytes | None, ...]) -> None:
        # An exception must not reach the driver, which would leave the connection in the middle of the data.
        if self._failure is None:
            try:
                self._receive(row)
            except Exception as failure:  # noqa: BLE001 — raised by `raise_failure`
                self._failure = failure


def _header_end(data: bytes) -> int | None:
    """Where the header ends; None where it is not whole yet."""
    begin = _EXTENSION_AT + _INT32.size
    if len(data) < begin:
        return None
    end: int = begin + _INT32.unpack_from(data, _EXTENSION_AT)[0]
    return end if len(data) >= end else None


def _parse_row(data: bytes, position: int) -> tuple[tuple[bytes | None, ...], int] | None:
    """The fields of the row that begins at `position`, and where it ends; None where no whole row begins."""
    if len(data) < position + _INT16.size:
        return None
    (fields,) = _INT16.unpack_from(data, position)
    if fields < 0:
        return None  # the trailer
    position += _INT16.size
    row: list[bytes | None] = []
    for _ in range(fields):
        if len(data) < position + _INT32.size:
            return None
        (length,) = _INT32.unpack_from(data, position)
        position += _INT32.size
        if len(data) < position + max(length, 0):
            return None
        row.append(data[position : position + length] if length >= 0 else None)
        position += max(length, 0)
    return tuple(row), position


def _adapt_timestamp(value: datetime) -> Any:
    if value.tzinfo is None:
        raise ValueError("a naive datetime was given to the database: use utils.clock.now()")
    return psycopg2.extensions.AsIs(f"'{value.isoformat()}'::timestamptz")
