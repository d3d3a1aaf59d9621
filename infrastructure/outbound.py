"""HTTP requests to addresses that others than the operator choose: webhooks, feeds.

Each name is looked up once, its addresses are checked (infrastructure/address_guard.py), and the connection goes to the very address that
was checked, with the name in the Host header, in SNI and in the check of the certificate. Redirects are answers, proxies of the environment
are not used, no connection is kept. The whole exchange ends in time, and an answer is read up to a limit.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import httpcore
import httpx

from config import Settings
from infrastructure.address_guard import AddressGuard, AddressRefused, networks_of
from infrastructure.timed_network import Deadline, TimedNetwork

__all__ = ["AddressRefused", "Outbound", "OutboundAnswer", "OutboundError", "OutboundLimits", "OutboundRequest"]

_FAULTS = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError)


class OutboundError(Exception):
    """No answer came. The message is one sentence."""


@dataclass(frozen=True)
class OutboundLimits:
    """`seconds` for the whole exchange, and the bytes of an answer that are read; what follows them is left."""

    seconds: float = 15.0
    most_bytes: int = 4_096


@dataclass(frozen=True)
class OutboundRequest:
    """A request. The Host header and Content-Length are added."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class OutboundAnswer:
    """An answer of any status. The names of its headers are in lower case; `is_cut` says that the body is longer than what was read."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool


class _GuardedNetwork(TimedNetwork):
    """Connects to the addresses of a host that the guard lets pass."""

    def __init__(self, guard: AddressGuard, deadline: Deadline) -> None:
        super().__init__(deadline)
        self._guard = guard

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._guard.addresses_of(host, port)
        for address in addresses[:-1]:
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return super().connect_tcp(addresses[-1], port, timeout, local_address, socket_options)


class Outbound:
    """Sends requests. Thread-safe."""

    def __init__(self, guard: AddressGuard, trusted: ssl.SSLContext | None = None) -> None:
        """`trusted` verifies certificates, by default by the authorities that are built in."""
        self.guard = guard
        self._trusted = trusted
        self._deadline = Deadline()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings allow."""
        return cls(AddressGuard(networks_of(settings.webhook_allowed_networks)))

    def send(self, request: OutboundRequest, limits: OutboundLimits | None = None) -> OutboundAnswer:
        """Ask, and answer whatever status comes. Raises AddressRefused, or OutboundError when no answer comes in time."""
        limits = limits or OutboundLimits()
        target = self.guard.target_of(request.url)
        headers = {"User-Agent": "Bellwether", "Accept-Encoding": "identity", "Connection": "close", **request.headers}
        if request.method not in ("GET", "HEAD"):
            headers["Content-Length"] = str(len(request.body))
        url = httpx.URL(request.url)
        core_url = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        asked: dict[str, Any] = {
            "headers": {"Host": url.netloc.decode("ascii"), **headers},
            "content": request.body or None,
            "extensions": {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), limits.seconds)},
        }
        network = _GuardedNetwork(self.guard, self._deadline)
        try:
            with (
                self._deadline.within(limits.seconds),
                httpcore.ConnectionPool(self._context(), max_keepalive_connections=0, network_backend=network) as pool,
                pool.stream(request.method, core_url, **asked) as answer,
            ):
                body, is_cut = _read(answer, limits.most_bytes)
                return OutboundAnswer(answer.status, _as_text(answer.headers), body, is_cut)
        except _FAULTS as error:
            raise OutboundError(f"{target.host[:100]}: {_in_words(error)}.") from error

    def _context(self) -> ssl.SSLContext:
        if self._trusted is None:
            self._trusted = httpx.create_ssl_context()
        return self._trusted


def _read(answer: httpcore.Response, most: int) -> tuple[bytes, bool]:
    body = bytearray()
    for piece in answer.iter_stream():
        body += piece
        if len(body) > most:
            return bytes(body[:most]), True
    return bytes(body), False


def _as_text(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}


def _in_words(error: Exception) -> str:
    if isinstance(error, httpcore.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, httpcore.TimeoutException | TimeoutError):
        return "the answer was not complete in time"
    if isinstance(error, httpcore.ConnectError):
        return "its certificate cannot be verified" if "CERTIFICATE_VERIFY_FAILED" in str(error) else "no connection"
    if isinstance(error, httpcore.RemoteProtocolError | httpcore.ReadError | httpcore.WriteError):
        return "the answer was cut off, or is no HTTP"
    return "its name cannot be found" if isinstance(error, OSError) else type(error).__name__
