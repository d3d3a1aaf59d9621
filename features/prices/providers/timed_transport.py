"""An HTTP transport on which a request has a time to end: a server that sends its answer byte by byte, or its headers, holds no thread.

httpx itself limits each wait, and a wait begins anew with each byte.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from infrastructure.timed_network import Deadline, TimedNetwork

_FAULTS = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, httpcore.UnsupportedProtocol)


class TimedTransport(httpx.BaseTransport):
    """Keeps connections alive; certificates are verified. The proxies that the environment names are used, as by httpx itself."""

    def __init__(self, most_connections: int) -> None:
        """The limit holds for each proxy, and for what is asked without one."""
        self._deadline = Deadline()
        self._options: Mapping[str, Any] = {
            "ssl_context": httpx.create_ssl_context(),
            "max_connections": most_connections,
            "max_keepalive_connections": most_connections,
            "keepalive_expiry": 5.0,
            "network_backend": TimedNetwork(self._deadline),
        }
        self._lock = threading.Lock()
        self._pools: dict[str | None, httpcore.ConnectionPool] = {}  # by the proxy

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """What this thread asks in the block is at its end after so many seconds, or raises a httpx.TimeoutException."""
        return self._deadline.within(seconds)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Ask, and answer once the headers are there."""
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_faults_of_httpx():
            answer = self._pool_for(url).handle_request(asked)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            for pool in self._pools.values():
                pool.close()

    def _pool_for(self, url: httpx.URL) -> httpcore.ConnectionPool:
        proxy = _proxy_for(url)
        with self._lock:
            if proxy not in self._pools:
                more = {} if proxy is None else _parts_of(httpx.URL(proxy))
                self._pools[proxy] = (httpcore.HTTPProxy if more else httpcore.ConnectionPool)(**more, **self._options)
            return self._pools[proxy]


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _as_faults_of_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def _as_faults_of_httpx() -> Iterator[None]:
    """The errors of httpcore have twins of the same name in httpx."""
    try:
        yield
    except _FAULTS as error:
        raise getattr(httpx, type(error).__name__, httpx.TransportError)(str(error)) from error


def _proxy_for(url: httpx.URL) -> str | None:
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(url.host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _parts_of(proxy: httpx.URL) -> dict[str, Any]:
    login = (proxy.username.encode(), proxy.password.encode()) if proxy.username or proxy.password else None
    return {"proxy_url": httpcore.URL(scheme=proxy.raw_scheme, host=proxy.raw_host, port=proxy.port, target=b"/"), "proxy_auth": login}
