"""Setup of the psycopg2 driver, per process and per connection, and the binary format of COPY."""

from __future__ import annotations

import struct
from datetime import datetime
from typing import Any

import psycopg2.extensions

_INT16, _INT32 = struct.Struct(">h"), struct.Struct(">i")
_EXTENSION_AT = 15  # offset of the header extension: behind the signature and the flags


def register_types() -> None:
    """Refuse naive datetimes: the server would read them in the session's time zone."""
    psycopg2.extensions.register_adapter(datetime, _adapt_timestamp)


def connect_arguments(connect_timeout: int, idle_in_transaction_timeout: float, more_options: str = "") -> dict[str, Any]:
    """The arguments of `psycopg2.connect`; times are in seconds."""
    options = f"-c timezone=UTC -c idle_in_transaction_session_timeout={round(1000 * idle_in_transaction_timeout)} {more_options}"
    return {
        "connect_timeout": connect_timeout,
        "application_name": "bellwether",
        "options": options.strip(),
        # A network that silently drops packets is detected within 15 s when data is sent, and within 45 s otherwise.
        "keepalives_idle": 30,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
    }


def binary_rows(received: memoryview[int]) -> list[tuple[bytes | None, ...]]:
    """The fields of each row in COPY's binary format; None for NULL. Source: PostgreSQL's documentation of COPY, "Binary Format"."""
    rows: list[tuple[bytes | None, ...]] = []
    (extension,) = _INT32.unpack_from(received, _EXTENSION_AT)
    position = _EXTENSION_AT + _INT32.size + extension
    while True:
        (fields,) = _INT16.unpack_from(received, position)
        position += _INT16.size
        if fields < 0:
            return rows
        row: list[bytes | None] = []
        for _ in range(fields):
            (length,) = _INT32.unpack_from(received, position)
            position += _INT32.size
            row.append(bytes(received[position : position + length]) if length >= 0 else None)
            position += max(length, 0)
        rows.append(tuple(row))


def _adapt_timestamp(value: datetime) -> Any:
    if value.tzinfo is None:
        raise ValueError("a naive datetime was given to the database: use utils.clock.now()")
    return psycopg2.extensions.AsIs(f"'{value.isoformat()}'::timestamptz")
