"""What keeps the tests on this machine: of their own process, and of the processes that they start."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable

import httpx
import pytest
from kit.staying import Guard

ELSEWHERE = "192.0.2.1"  # RFC 5737: of nobody


def connect(host: str) -> None:
    with socket.socket() as own:
        own.settimeout(0.1)
        own.connect((host, 9))


def send(host: str) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as own:
        own.sendto(b"x", (host, 9))


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: connect(ELSEWHERE), "socket.connect 192.0.2.1:9"),
        (lambda: send(ELSEWHERE), "socket.sendto 192.0.2.1:9"),
        (lambda: socket.getaddrinfo("elsewhere.example", 443), "socket.getaddrinfo elsewhere.example"),
        (lambda: httpx.get("https://elsewhere.example/"), "socket.getaddrinfo elsewhere.example"),
    ],
    ids=["connection", "datagram", "name", "request"],
)
def test_nothing_of_this_process_leaves(guard: Guard, call: Callable[[], object], told: str) -> None:
    with pytest.raises((PermissionError, httpx.HTTPError)):
        call()
    (tried,) = guard.left()
    assert tried.startswith(told)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.7", "::1", "localhost", None, socket.gethostname()])
def test_this_machine_may_be_looked_up(guard: Guard, host: str | None) -> None:
    socket.getaddrinfo(host, 80)
    assert guard.left() == []


def test_nothing_of_a_process_that_swallows_its_errors_leaves(guard: Guard) -> None:
    """Nor of one that it starts, which gets an environment of its own."""
    code = "import socket, contextlib\nwith contextlib.suppress(OSError): socket.create_connection(('192.0.2.1', 9), 1)"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}], check=True)"
    for each in (code, nested):
        subprocess.run([sys.executable, "-c", each], env={"PATH": "/usr/bin"}, check=True)
        (tried,) = guard.left()
        assert tried.startswith("socket.connect 192.0.2.1:9")
