"""Rows that are passed on one after the other, and Postgres's binary format of COPY in whatever parts it arrives."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from kit.databases import Backend
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import database
from infrastructure.sql.postgres import BinaryRows

HEADER = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)
NUMBERS = text("SELECT 1 AS number UNION ALL SELECT 2 UNION ALL SELECT 3 ORDER BY number")
BROKEN = text("SELECT nothing FROM nowhere")


def row(*fields: bytes | None) -> bytes:
    lengths_and_values = (struct.pack(">i", -1) if field is None else struct.pack(">i", len(field)) + field for field in fields)
    return struct.pack(">h", len(fields)) + b"".join(lengths_and_values)


ROWS = [(b"AAPL", b"\x00\xff" * 40), (None, b""), (b"IBM", None)]
STREAM = HEADER + b"".join(row(*fields) for fields in ROWS) + TRAILER


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, len(STREAM)])
def test_rows_are_the_same_in_whatever_parts_they_arrive(size: int) -> None:
    received: list[tuple[bytes | None, ...]] = []
    rows = BinaryRows(received.append)
    for start in range(0, len(STREAM), size):
        rows.write(STREAM[start : start + size])
    rows.raise_failure()
    assert received == ROWS
    assert rows.largest == size


def test_an_extension_of_the_header_is_skipped() -> None:
    received: list[tuple[bytes | None, ...]] = []
    BinaryRows(received.append).write(HEADER[:-4] + struct.pack(">i", 3) + b"xyz" + row(b"1") + TRAILER)
    assert received == [(b"1",)]


def test_a_failure_of_the_receiver_is_raised_at_the_end_and_stops_it() -> None:
    received: list[Any] = []

    def refuse(fields: tuple[bytes | None, ...]) -> None:
        received.append(fields)
        raise ValueError("no")

    rows = BinaryRows(refuse)
    rows.write(STREAM)
    with pytest.raises(ValueError, match="no"):
        rows.raise_failure()
    assert received == ROWS[:1]


def each(receive: Any) -> None:
    with database.reader() as reader:
        if reader.speaks_copy:
            reader.copy(f"COPY ({NUMBERS.text}) TO STDOUT (FORMAT binary)", {}, lambda fields: receive(int.from_bytes(fields[0] or b"")))
        else:
            reader.each(NUMBERS, {}, lambda fields: receive(fields[0]))


def test_rows_are_passed_on_in_order(backend: Backend) -> None:
    received: list[int] = []
    each(received.append)
    assert received == [1, 2, 3]


def test_the_connection_is_usable_after_a_failure_of_the_receiver(backend: Backend) -> None:
    def refuse(number: int) -> None:
        raise ValueError(f"no {number}")

    with pytest.raises(ValueError, match="no 1"):
        each(refuse)
    received: list[int] = []
    each(received.append)
    assert received == [1, 2, 3]


def test_errors_are_those_of_sqlalchemy(backend: Backend) -> None:
    with database.reader() as reader, pytest.raises(DBAPIError):
        reader.each(BROKEN, {}, print)
