"""Helpers of the tests of a site in production: several instances, new API keys, metrics, and a Redis that can be killed and frozen."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil
import requests
from prometheus_client.parser import text_string_to_metric_families

import database
from features.accounts.api_keys import create_key
from kit.chaos import WEB, is_alive, kill
from kit.databases import Backend
from kit.redis_server import RedisServer
from kit.servers import Server, production, wait_until
from models.api_key import FIRST_ORG

RESULT_ROUTE = "/api/v1/results/<result_id>"
Asked = TypeVar("Asked")


@contextmanager
def instances(backend: Backend, folder: Path, count: int, **environment: str) -> Iterator[list[Server]]:
    """Run `count` gunicorns on one database during the block. Yields them once all their workers are ready."""
    workers = int(environment.get("WEB_CONCURRENCY", 2))
    servers: list[Server] = []
    try:
        for number in range(count):
            own = folder / f"instance-{number}"
            own.mkdir()
            servers.append(Server(WEB, production(backend, **environment), own))
        for server in servers:
            wait_until(server.answers, 120)
            wait_until(lambda server=server: server.log.count('"event":"started"') >= workers)
        yield servers
    finally:
        for server in servers:
            server.end()


class StrikableRedis(RedisServer):
    """A Redis that can be killed and frozen."""

    def kill(self) -> None:
        """Kill the server with SIGKILL."""
        assert self._process is not None
        kill(self._process)

    @contextmanager
    def killed(self) -> Iterator[None]:
        """Kill the server during the block. Nothing listens on its port."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Suspend the server during the block. Connections open, but get no response."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def strikable_redis(folder: Path) -> Iterator[StrikableRedis]:
    server = StrikableRedis(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def new_key(name: str) -> dict[str, str]:
    """Create an API key, and return the header with it."""
    return {"X-API-Key": create_key(database.current(), FIRST_ORG, name)[1]}


def workers_of(server: Server) -> list[int]:
    """The process ids of gunicorn's workers."""
    return sorted(child.pid for child in psutil.Process(server.process.pid).children() if is_alive(child))


def samples(server: Server, name: str, /, **labels: str) -> list[float]:
    """The values of the samples of a metric that have these labels."""
    answer = server.get("/metrics")
    assert answer.status_code == 200, answer.text
    families = text_string_to_metric_families(answer.text)
    samples = (sample for family in families for sample in family.samples if sample.name == name)
    return [sample.value for sample in samples if labels.items() <= sample.labels.items()]


def metric(server: Server, name: str, /, **labels: str) -> float:
    """The sum of the samples of a metric that have these labels. Fails without a sample."""
    values = samples(server, name, **labels)
    assert values, f"{name} {labels} is not there"
    return sum(values)


def ask_at_once(ask: Callable[[Asked], Any], asked: Iterable[Asked], threads: int = 16) -> list[Any]:
    """Call `ask` for each element, in `threads` threads, and return the results in order."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(ask, asked))


def statuses(servers: Iterable[Server], path: str, key: dict[str, str]) -> list[int]:
    """Request a path concurrently, once per entry of `servers`, each over a new connection, and return the statuses."""
    return ask_at_once(lambda server: requests.get(server.url(path), headers=key, timeout=60).status_code, servers)
