"""The end of arrivals at a listener, with real sockets."""

from __future__ import annotations

import socket

import pytest

from infrastructure.web_server.arrivals import end_arrivals


def test_nothing_connects_after_the_end_and_what_waits_is_accepted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname(), 60) as client:
        client.sendall(b"before")
        end_arrivals([listener])
        with pytest.raises(TimeoutError):
            socket.create_connection(listener.getsockname(), timeout=0.2)
        client.sendall(b" and after")
        accepted, _ = listener.accept()
        with accepted:
            client.shutdown(socket.SHUT_WR)
            assert accepted.makefile("rb").read() == b"before and after"
            accepted.sendall(b"answer")
            assert client.recv(100) == b"answer"
        name = listener.getsockname()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(name, timeout=60)


def test_other_sockets_are_left_alone() -> None:
    one, other = socket.socketpair()
    with one, other:
        end_arrivals([one])
        one.sendall(b"x")
        assert other.recv(1) == b"x"
