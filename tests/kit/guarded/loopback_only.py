"""Refuses a Python process any connection to another machine, and notes that it was tried: an error alone, the product may swallow."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from typing import Any

VARIABLE = "TESTS_NOTE_CALLS_IN"  # names the file of the notes
_CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKS_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})


def enforce(note: str) -> None:
    """From now on, until the process ends: whatever it asks of another machine raises PermissionError, with a line in the file `note`."""
    here = {"localhost", "localhost.localdomain", "ip6-localhost", socket.gethostname().lower(), ""}

    def stays(host: object) -> bool:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else "" if host is None else str(host)
        try:
            return ipaddress.ip_address(name.partition("%")[0]).is_loopback
        except ValueError:
            return name.lower().rstrip(".") in here

    def is_number(host: object) -> bool:
        """Whether nobody has to be asked for the address."""
        try:
            ipaddress.ip_address(str(host).partition("%")[0])
        except ValueError:
            return False
        return True

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _CONNECTS:
            address = arguments[1]
            if not isinstance(address, tuple) or stays(address[0]):  # the address of a socket of Unix is a text
                return
            told = f"{event} {address[0]}:{address[1]}"
        elif event in _LOOKS_UP:
            if stays(arguments[0]) or is_number(arguments[0]):
                return
            told = f"{event} {arguments[0]}"
        else:
            return
        with open(note, "a", encoding="utf-8") as file:  # noqa: PTH123 — a process at its start imports little
            file.write(f"{told} by {' '.join(' '.join(sys.orig_argv).split())[:200]}\n")
        raise PermissionError(f"a test may not leave this machine: {told}")

    sys.addaudithook(watch)


def enforce_in_children() -> None:
    """In a process that a test has started."""
    note = os.environ.get(VARIABLE)
    if note:
        enforce(note)
