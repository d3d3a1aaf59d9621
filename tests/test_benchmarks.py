"""The parts of the benchmarks that a change of the product can break: the timed functions and the parsed answers."""

from __future__ import annotations

import socket
import threading
from datetime import date

import pytest
from kit.databases import Backend

import database
from benchmarks.bulk_shares import STEPS, shares
from benchmarks.load import Connection, request
from features.prices.demo import load
from features.prices.providers.demo import DemoProvider


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_every_share_of_a_bulk_job_is_measured(backend: Backend) -> None:
    load(database.current(), DemoProvider(date(2026, 1, 2), 260), 3)
    seconds = shares(backend.url, tickers=3, processes=1)
    assert set(seconds) == {"all", *STEPS}
    assert all(part > 0 for part in seconds.values())
    assert sum(seconds[step] for step in STEPS) <= seconds["all"]


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", b"llo"], id="with its length"),
        pytest.param([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n", b"2\r\nlo\r\n0\r\n\r\n"], id="in chunks"),
    ],
)
def test_the_load_generator_reads_an_answer(pieces: list[bytes]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with listener.accept()[0] as client:
                client.recv(65_536)
                for piece in pieces:
                    client.sendall(piece)
                client.recv(1)  # until the generator closes the connection

        server = threading.Thread(target=answer)
        server.start()
        connection = Connection(listener.getsockname()[1])
        assert connection.exchange(request("GET", "/"))[1] == b"hello"
        connection.close()
        server.join()
