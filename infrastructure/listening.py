"""Addresses that a server listens on."""

from __future__ import annotations

import ipaddress
import socket


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on an IPv4 or IPv6 address or a host name; `::` stands for every address of both kinds. Raises OSError."""
    host = host.strip("[]")
    if ":" not in host:
        return socket.create_server((host, port))
    is_any = ipaddress.ip_address(host.partition("%")[0]).is_unspecified
    return socket.create_server((host, port), family=socket.AF_INET6, dualstack_ipv6=is_any and socket.has_dualstack_ipv6())


def in_url(host: str) -> str:
    """An address as URLs write it: IPv6 in brackets."""
    host = host.strip("[]")
    return f"[{host}]" if ":" in host else host


def is_public(host: str) -> bool:
    """Whether other machines may reach an address: it is not of the loopback interface. A name counts as public unless it is localhost."""
    host = host.strip("[]").partition("%")[0]
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"
