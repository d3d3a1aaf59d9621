"""Ends the arrival of connections at a listener before it is closed.

The kernel completes a connection before the server accepts it, and resets it when the listener is closed first. A server that accepts all
waiting connections and then closes still resets those that arrive between the two steps. A socket filter ends the arrivals: the kernel
drops requests to connect, the clients repeat them after a second, and are then refused, as by any server that has stopped.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress

SO_ATTACH_FILTER = 26  # of Linux, not in Python's socket module

# A classic BPF program over the TCP header: operation, jump if true, jump if false, operand.
_DROP_REQUESTS_TO_CONNECT = (
    (0x30, 0, 0, 13),  # load the byte of the flags
    (0x54, 0, 0, 0x12),  # keep SYN and ACK
    (0x15, 0, 1, 0x02),  # SYN alone is a request to connect:
    (0x06, 0, 0, 0),  # drop it
    (0x06, 0, 0, 0xFFFFFFFF),  # pass all else
)


def end_arrivals(listeners: Iterable[socket.socket]) -> None:
    """Drop requests to connect from now on, in all processes that share these listeners. Without effect where the system has no filters."""
    instructions = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *instruction) for instruction in _DROP_REQUESTS_TO_CONNECT))
    program = struct.pack("HP", len(_DROP_REQUESTS_TO_CONNECT), ctypes.addressof(instructions))
    for listener in listeners:
        if listener.family in (socket.AF_INET, socket.AF_INET6):
            with suppress(OSError):
                listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
